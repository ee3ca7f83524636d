#include "ptattn/io/las/las_reader.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ptattn/core/parallel.hpp"
#include "ptattn/io/binary_values.hpp"
#include "ptattn/io/las/las_header.hpp"
#include "ptattn/io/las/las_records.hpp"
#include "ptattn/io/las/laz/laz_points.hpp"
#include "ptattn/io/las/laz/laz_record.hpp"
#include "ptattn/io/las/provenance_records.hpp"
#include "ptattn/io/las/record_columns.hpp"
#include "ptattn/io/las/record_layout.hpp"
#include "ptattn/io/point_blocks.hpp"

namespace ptattn::io {
namespace las {
namespace {

// Larger chunks are not written again: each is in memory as a whole.
constexpr std::uint32_t kMostChunkPoints = 1U << 20U;

void read_all_records(const ByteSource& source, const LasHeader& header, bool salvage,
                      LasMetadata& metadata) {
  std::uint64_t begin = header.header_size;
  metadata.records = read_records(source, begin, header.points_start, header.records);
  Scratch scratch;
  const auto padding = source.view(begin, header.points_start - begin, scratch);
  metadata.padding.assign(padding.begin(), padding.end());
  if (header.minor_version == 3 && header.waveform_start != 0) {
    metadata.extended_records = read_extended_records(source, header.waveform_start, 1, salvage);
  } else if (header.extended_records != 0) {
    metadata.extended_records =
        read_extended_records(source, header.extended_start, header.extended_records, salvage);
  }
}

using Notes = std::vector<std::string>;

void drop_copc_index(LasMetadata& metadata, Notes& notes) {
  const auto dropped = std::erase_if(metadata.records, is_copc_record) +
                       std::erase_if(metadata.extended_records, is_copc_record);
  if (dropped == 0) return;
  notes.emplace_back("is a COPC file: its points keep their order, its index is not kept");
}

/// The fields to read into, and what is kept beside them.
struct Columns {
  std::vector<Field> fields;
  std::vector<Field> exact;
  std::vector<Field*> exact_of;  // one a column
  std::size_t points = 0;
};

Columns make_columns(const RecordLayout& layout, std::size_t points) {
  Columns columns;
  std::vector<std::size_t> kept;
  for (std::size_t c = 0; c < layout.columns.size(); ++c) {
    const LasColumn& column = layout.columns[c];
    columns.fields.emplace_back(column.name, column.field_type(), points, column.count);
    const auto gives_back = [&](const Quantization& step) {
      return is_reversible(step, column.stored);
    };
    if (std::ranges::all_of(column.steps, gives_back)) continue;
    kept.push_back(c);
    columns.exact.emplace_back(column.name, column.stored, points, column.count);
  }
  columns.exact_of.resize(layout.columns.size());
  for (std::size_t k = 0; k < kept.size(); ++k) columns.exact_of[kept[k]] = &columns.exact[k];
  return columns;
}

/// How many of the points the file holds.
std::uint64_t points_at_hand(const ByteSource& source, const LasHeader& header, bool salvage,
                             Notes& notes) {
  const std::uint64_t room = (source.size() - header.points_start) / header.record_length;
  if (header.points <= room) return header.points;
  const std::string whole =
      std::to_string(room) + " of " + std::to_string(header.points) + " points";
  if (!salvage) source.fail("ends after " + whole + ", the file is truncated");
  notes.push_back("is truncated: " + whole + " are intact and were read");
  return room;
}

/// Bytes behind the points that no record of the header claims.
void note_rest(const ByteSource& source, const LasHeader& header, std::uint64_t points,
               Notes& notes) {
  if (header.extended_records != 0 || header.waveform_start != 0) return;
  std::string note = io::note_of_rest(source, header.points_start + points * header.record_length);
  if (!note.empty()) notes.push_back(std::move(note));
}

Columns read_plain_points(const ByteSource& source, const LasHeader& header, bool salvage,
                          const LasMetadata& metadata, Notes& notes) {
  const RecordLayout layout = layout_of_file(header, metadata.records);
  const std::size_t points = points_at_hand(source, header, salvage, notes);
  if (points == header.points) note_rest(source, header, points, notes);
  Columns columns = make_columns(layout, points);
  const std::size_t block = points_of_block(layout.stride);
  parallel_ranges((points + block - 1) / block, 4, [&](std::size_t begin, std::size_t end) {
    Scratch scratch;
    for (std::size_t b = begin; b < end; ++b) {
      const std::size_t first = b * block;
      const std::size_t count = std::min(block, points - first);
      const auto records =
          source.view(header.points_start + first * layout.stride, count * layout.stride, scratch);
      unpack_columns(layout, records, first, columns.fields, columns.exact_of);
    }
  });
  columns.points = points;
  return columns;
}

/// Takes the description of the compression out of the records.
laz::LazSettings take_laz_record(LasMetadata& metadata, const LasHeader& header,
                                 const ByteSource& source) {
  const auto is_laz = [](const LasRecord& record) {
    return is_record(record, laz::kLazUser, laz::kLazRecord);
  };
  const auto found = std::ranges::find_if(metadata.records, is_laz);
  if (found == metadata.records.end()) {
    source.fail("is compressed but does not say how, expected a LASzip record");
  }
  laz::LazSettings settings = laz::parse_laz_record(*found, header.record_length, source);
  metadata.records.erase(found);
  if (settings.chunk_points <= kMostChunkPoints) metadata.chunk_points = settings.chunk_points;
  return settings;
}

Columns read_compressed_points(const ByteSource& source, const LasHeader& header, bool salvage,
                               LasMetadata& metadata, Notes& notes) {
  const laz::LazSettings settings = take_laz_record(metadata, header, source);
  const laz::ChunkList list =
      laz::find_chunks(source, settings, header.points_start, header.points, salvage);
  if (!list.problem.empty()) {
    if (!salvage) source.fail(list.problem);
    notes.push_back("is truncated or damaged: " + std::to_string(list.points) + " of " +
                    std::to_string(header.points) + " points are intact and were read");
  }
  const RecordLayout layout = layout_of_file(header, metadata.records);
  Columns columns = make_columns(layout, list.points);
  laz::decode_chunks(source, settings, list.chunks,
                     [&](std::size_t first, std::span<const std::byte> records) {
                       unpack_columns(layout, records, first, columns.fields, columns.exact_of);
                     });
  columns.points = list.points;
  return columns;
}

}  // namespace
}  // namespace las

std::vector<std::string> read_las_comments(const ByteSource& source) {
  std::vector<std::byte> block;
  const las::LasHeader header = las::read_las_header(source, block);
  std::uint64_t begin = header.header_size;
  return las::read_provenance_lines(
      las::read_records(source, begin, header.points_start, header.records));
}

PointCloud read_las(const ByteSource& source, const ReadOptions& options) {
  auto metadata = std::make_shared<LasMetadata>();
  const las::LasHeader header = las::read_las_header(source, metadata->header);
  las::read_all_records(source, header, options.salvage, *metadata);
  std::vector<std::string> notes;
  las::drop_copc_index(*metadata, notes);
  las::Columns columns =
      header.compressed
          ? las::read_compressed_points(source, header, options.salvage, *metadata, notes)
          : las::read_plain_points(source, header, options.salvage, *metadata, notes);
  PointCloud cloud(columns.points);
  cloud.fields() = std::move(columns.fields);
  metadata->exact = std::move(columns.exact);
  cloud.metadata().comments = las::read_provenance_lines(metadata->records);
  cloud.metadata().las = std::move(metadata);
  cloud.metadata().notes = std::move(notes);
  return cloud;
}

}  // namespace ptattn::io
