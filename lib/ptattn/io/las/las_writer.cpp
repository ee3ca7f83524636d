#include "ptattn/io/las/las_writer.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ptattn/core/error.hpp"
#include "ptattn/io/las/bounds.hpp"
#include "ptattn/io/las/las_plan.hpp"
#include "ptattn/io/las/las_records.hpp"
#include "ptattn/io/las/laz/laz_points.hpp"
#include "ptattn/io/las/laz/laz_record.hpp"
#include "ptattn/io/las/unchanged_layers.hpp"
#include "ptattn/io/point_blocks.hpp"

namespace ptattn::io {
namespace las {
namespace {

constexpr std::uint16_t kWaveformRecord = 65535;
constexpr std::string_view kMisspelledUser = "LAS_Spec";

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void check_sizes(const LasPlan& plan, std::string_view subject) {
  for (const LasRecord& record : plan.records) {
    if (record.data.size() > UINT16_MAX) {
      throw Error(Fault::kUsage, subject, "a variable length record is longer than 65535 bytes");
    }
  }
}

/// Header, VLRs and what stood before the points.
std::string front_of(LasPlan& plan, std::span<const std::byte> padding) {
  std::string records;
  for (const LasRecord& record : plan.records) append_record(records, record);
  const std::size_t start = plan.block.size() + records.size() + padding.size();
  plan.header.records = static_cast<std::uint32_t>(plan.records.size());
  plan.header.points_start = static_cast<std::uint32_t>(start);
  store_las_header(plan.header, plan.block);
  return std::string(as_text(plan.block)).append(records).append(as_text(padding));
}

/// Returns true for the record that holds waveforms: in LAS 1.3 the only one behind the points,
/// which some writers name "LAS_Spec".
bool is_waveform_record(const LasRecord& record, const LasHeader& header) {
  return header.minor_version == 3 || is_record(record, kStandardUser, kWaveformRecord) ||
         is_record(record, kMisspelledUser, kWaveformRecord);
}

/// Appends the EVLRs, which begin at byte `start`, and notes in the header where they are.
void write_extended_records(AtomicFile& file, std::uint64_t start,
                            std::span<const LasRecord> records, LasHeader& header) {
  header.extended_start = records.empty() ? 0 : start;
  header.extended_records = static_cast<std::uint32_t>(records.size());
  if (header.minor_version == 3 && records.empty()) header.waveform_start = 0;
  const bool has_waveforms = header.waveform_start != 0;
  for (const LasRecord& record : records) {
    if (has_waveforms && is_waveform_record(record, header)) header.waveform_start = start;
    std::string front;
    append_extended_header(front, record);
    file.append(front);
    file.append(as_text(record.data));
    start += front.size() + record.data.size();
  }
}

const LasMetadata& metadata_of(const PointCloud& cloud) {
  static const LasMetadata none;
  return cloud.metadata().las ? *cloud.metadata().las : none;
}

}  // namespace
}  // namespace las

void check_las(const PointCloud& cloud, const LasOptions& options, std::string_view subject) {
  (void)las::plan_las(cloud, options, subject);
}

LasWriter::LasWriter(AtomicFile& file, const PointCloud& head, std::uint64_t points,
                     bool compressed, const LasOptions& options)
    : file_(file),
      head_(head),
      options_(options),
      plan_(las::plan_las(head, options, file.subject())) {
  const LasMetadata& metadata = las::metadata_of(head);
  plan_.header.compressed = compressed;
  plan_.header.points = points;
  las::check_sizes(plan_, file_.subject());
  const auto settings = las::laz::settings_for_format(plan_.header.format, plan_.layout.stride,
                                                      metadata.chunk_points);
  if (compressed) {  // in place of one that a file without compression had
    std::erase_if(plan_.records, [](const LasRecord& record) {
      return las::is_record(record, las::laz::kLazUser, las::laz::kLazRecord);
    });
    plan_.records.push_back(las::laz::make_laz_record(settings));
  }
  file_.append(las::front_of(plan_, metadata.padding));
  if (compressed) chunks_.emplace(file_, settings, plan_.header.points_start);
  settings_ = settings;
}

void LasWriter::append(const PointCloud& piece) {
  const bool is_head = &piece == &head_;
  const auto sources =
      is_head ? plan_.sources : las::plan_las(piece, options_, file_.subject()).sources;
  note_values(piece);
  if (chunks_) return append_chunks(piece, sources);
  const std::size_t stride = plan_.layout.stride;
  write_blocks(file_, piece.size(), points_of_block(stride),
               [&](std::size_t begin, std::size_t end, std::string& out) {
                 out.resize((end - begin) * stride);
                 las::pack_columns(plan_.layout, sources, begin,
                                   std::as_writable_bytes(std::span(out)), file_.subject());
               });
}

void LasWriter::append_chunks(const PointCloud& piece, std::span<const las::ColumnSource> sources) {
  const las::laz::ReusedLayers reused =
      las::find_unchanged_layers(piece.metadata().compressed, settings_, plan_.layout, sources);
  const auto needed = las::sources_to_code(reused, settings_, plan_.layout, sources);
  const std::size_t stride = plan_.layout.stride;
  const auto pack = [&](std::size_t first, std::span<std::byte> records, bool reuses) {
    const std::size_t whole = reuses ? stride : records.size();  // the first record, or all
    las::pack_columns(plan_.layout, sources, first, records.first(whole), file_.subject());
    las::pack_columns(plan_.layout, needed, first + 1, records.subspan(whole), file_.subject());
  };
  chunks_->append(piece.size(), pack, reused);
}

void LasWriter::note_values(const PointCloud& piece) {
  if (piece.empty()) return;
  const las::Bounds bounds = las::bounds_of(piece);
  bounds_ = bounds_ ? las::joined(*bounds_, bounds) : bounds;
  const auto returns = las::count_returns(piece);
  for (std::size_t r = 0; r < returns.size(); ++r) returns_[r] += returns[r];
}

/// The bounds that the file says are those of the points, in the bits that the header had before
/// when these mean the same.
void LasWriter::settle_bounds() {
  if (!bounds_) return;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const las::LasColumn& column = plan_.layout.columns[axis];
    const las::Quantization step = column.steps[0];
    const auto settle = [&](double& old, double value) {
      if (las::is_reversible(step, column.stored))
        value = step.value_of(las::quantize(step, value));
      if (!(std::abs(old - value) <= 0.5 * std::abs(step.scale))) old = value;
    };
    settle(plan_.header.min[axis], bounds_->min[axis]);
    settle(plan_.header.max[axis], bounds_->max[axis]);
  }
}

void LasWriter::finish() {
  std::uint64_t end = plan_.header.points_start;
  end += chunks_ ? chunks_->finish() : plan_.header.points * plan_.layout.stride;
  las::write_extended_records(file_, end, las::metadata_of(head_).extended_records, plan_.header);
  settle_bounds();
  plan_.header.points_by_return = returns_;
  las::store_las_header(plan_.header, plan_.block);
  file_.overwrite(0, las::as_text(plan_.block));
}

void write_las(AtomicFile& file, const PointCloud& cloud, bool compressed,
               const LasOptions& options) {
  LasWriter writer(file, cloud, cloud.size(), compressed, options);
  writer.append(cloud);
  writer.finish();
}

}  // namespace ptattn::io
