#include "ptattn/io/las/las_file.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <span>
#include <utility>

#include "ptattn/core/fresh_pages.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/io/binary_values.hpp"
#include "ptattn/io/las/las_records.hpp"
#include "ptattn/io/las/laz/laz_record.hpp"
#include "ptattn/io/las/provenance_records.hpp"
#include "ptattn/io/las/record_columns.hpp"
#include "ptattn/io/point_blocks.hpp"

namespace ptattn::io::las {
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

/// What the header says that cannot be meant.
void note_header(const LasHeader& header, const LasMetadata& metadata, Notes& notes) {
  const unsigned claimed = claimed_header_size(metadata.header);
  if (claimed != header.header_size) {
    notes.push_back("claims a header of " + std::to_string(claimed) + " bytes, its records begin " +
                    "after " + std::to_string(header.header_size));
  }
  std::string axes;
  for (std::size_t axis = 0; axis < header.scale.size(); ++axis) {
    if (header.scale[axis] == 0.0) axes += std::string(axes.empty() ? "" : ", ") + "xyz"[axis];
  }
  if (axes.empty()) return;
  notes.push_back("has a scale of 0 for " + axes + ", which was read as 0.01: check the extent");
}

std::uint64_t room_for_points(const ByteSource& source, const LasHeader& header) {
  return (source.size() - header.points_start) / header.record_length;
}

/// The points of a file that announces none, such as one whose writer did not end.
std::uint64_t unannounced_points(const ByteSource& source, const LasHeader& header) {
  const bool others = header.extended_records != 0 || header.waveform_start != 0;
  return header.points == 0 && !others ? room_for_points(source, header) : 0;
}

/// How many of the points the file holds.
std::uint64_t points_at_hand(const ByteSource& source, const LasHeader& header, bool salvage,
                             Notes& notes) {
  const std::uint64_t room = room_for_points(source, header);
  if (const std::uint64_t found = unannounced_points(source, header); found > 0) {
    const std::string text = "announces no points, but holds " + std::to_string(found);
    notes.push_back(text + (salvage ? ", which were read" : ", left out without --salvage"));
    return salvage ? found : 0;
  }
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
  if (unannounced_points(source, header) > 0) return;  // which were noted
  std::string note = io::note_of_rest(source, header.points_start + points * header.record_length);
  if (!note.empty()) notes.push_back(std::move(note));
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

void find_compressed_points(LasFile& file, bool salvage, LasMetadata& metadata) {
  const ByteSource& source = *file.source;
  file.compression = take_laz_record(metadata, file.header, source);
  laz::ChunkList list = laz::find_chunks(source, *file.compression, file.header.points_start,
                                         file.header.points, salvage);
  if (!list.problem.empty()) {
    if (!salvage) source.fail(list.problem);
    file.notes.push_back("is truncated or damaged: " + std::to_string(list.points) + " of " +
                         std::to_string(file.header.points) + " points are intact and were read");
  }
  file.chunks = std::move(list.chunks);
  file.points = list.points;
}

void find_plain_points(LasFile& file, bool salvage) {
  file.points = points_at_hand(*file.source, file.header, salvage, file.notes);
  if (file.points == file.header.points) {
    note_rest(*file.source, file.header, file.points, file.notes);
  }
}

/// The memory that the values of some points go to. Not that of bytes: where all of them are zero,
/// as most flags are, it stays untouched.
void prepare_memory(std::span<Field> fields, std::size_t first, std::size_t points) {
  for (Field& field : fields) {
    const std::size_t size = field.bytes_per_point();
    if (size > 1) prepare_pages(field.bytes().subspan(first * size, points * size));
  }
}

/// What a cloud keeps of the file that it is read from, without the chunks.
std::shared_ptr<CompressedPoints> kept_by(const LasFile& file) {
  static std::atomic<std::uint64_t> readings{0};
  auto kept = std::make_shared<CompressedPoints>();
  kept->number = ++readings;
  kept->settings = *file.compression;
  kept->layout = file.layout;
  return kept;
}

void read_plain_points(const LasFile& file, const LasPart& part, const laz::RecordSink& sink) {
  const std::size_t stride = file.layout.stride;
  const std::uint64_t start = file.header.points_start + part.first * stride;
  const std::size_t block = points_of_block(stride);
  parallel_ranges((part.points + block - 1) / block, 4, [&](std::size_t begin, std::size_t end) {
    Scratch scratch;
    for (std::size_t b = begin; b < end; ++b) {
      const std::size_t first = b * block;
      const std::size_t count = std::min(block, part.points - first);
      sink(first, file.source->view(start + first * stride, count * stride, scratch));
    }
  });
}

}  // namespace

LasFile open_las(const ByteSource& source, const ReadOptions& options) {
  LasFile file{.source = &source, .header = {}};
  auto metadata = std::make_shared<LasMetadata>();
  file.header = read_las_header(source, metadata->header);
  read_all_records(source, file.header, options.salvage, *metadata);
  drop_copc_index(*metadata, file.notes);
  note_header(file.header, *metadata, file.notes);
  if (file.header.compressed) {
    find_compressed_points(file, options.salvage, *metadata);
    file.keeps_compressed =
        options.keep_compressed && !options.salvage && file.compression->is_layered();
  } else {
    find_plain_points(file, options.salvage);
  }
  file.layout = layout_of_file(file.header, metadata->records);
  file.comments = read_provenance_lines(metadata->records);
  file.metadata = std::move(metadata);
  return file;
}

LasPart whole_of(const LasFile& file) {
  return {0, static_cast<std::size_t>(file.points), {0, file.chunks.size()}};
}

PointCloud read_las_part(const LasFile& file, const LasPart& part) {
  Columns columns = make_columns(file.layout, part.points);
  const auto unpack = [&](std::size_t first, std::span<const std::byte> records) {
    prepare_memory(columns.fields, first, records.size() / file.layout.stride);
    unpack_columns(file.layout, records, first, columns.fields, columns.exact_of);
  };
  const std::shared_ptr<CompressedPoints> kept = file.keeps_compressed ? kept_by(file) : nullptr;
  if (file.compression) {
    laz::decode_chunks(*file.source, *file.compression, file.chunks, part.chunks, unpack,
                       kept.get());
  } else {
    read_plain_points(file, part, unpack);
  }
  PointCloud cloud(part.points);
  cloud.fields() = std::move(columns.fields);
  for (std::size_t c = 0; kept != nullptr && c < cloud.fields().size(); ++c) {
    cloud.fields()[c].set_origin(kept->origin_of(c));
  }
  cloud.metadata().compressed = kept;
  cloud.metadata().comments = file.comments;
  if (columns.exact.empty()) {
    cloud.metadata().las = file.metadata;
  } else {
    auto with_exact = std::make_shared<LasMetadata>(*file.metadata);
    with_exact->exact = std::move(columns.exact);
    cloud.metadata().las = std::move(with_exact);
  }
  return cloud;
}

}  // namespace ptattn::io::las
