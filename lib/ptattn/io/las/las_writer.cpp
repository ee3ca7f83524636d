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
#include "ptattn/io/point_blocks.hpp"

namespace ptattn::io {
namespace las {
namespace {

constexpr std::uint16_t kWaveformRecord = 65535;

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The bounds that the file says: those of the points, in the bits that the header had before when
/// these mean the same.
void set_bounds(LasHeader& header, const PointCloud& cloud, const RecordLayout& layout) {
  if (cloud.empty()) return;
  const Bounds bounds = bounds_of(cloud);
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const LasColumn& column = layout.columns[axis];
    const Quantization step = column.steps[0];
    const auto settle = [&](double& old, double value) {
      if (is_reversible(step, column.stored)) value = step.value_of(quantize(step, value));
      if (!(std::abs(old - value) <= 0.5 * std::abs(step.scale))) old = value;
    };
    settle(header.min[axis], bounds.min[axis]);
    settle(header.max[axis], bounds.max[axis]);
  }
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

/// Appends the EVLRs, which begin at byte `start`, and notes in the header where they are.
void write_extended_records(AtomicFile& file, std::uint64_t start,
                            std::span<const LasRecord> records, LasHeader& header) {
  header.extended_start = records.empty() ? 0 : start;
  header.extended_records = static_cast<std::uint32_t>(records.size());
  for (const LasRecord& record : records) {
    const bool is_waveform = is_record(record, kStandardUser, kWaveformRecord);
    if (is_waveform && header.waveform_start != 0) header.waveform_start = start;
    std::string front;
    append_extended_header(front, record);
    file.append(front);
    file.append(as_text(record.data));
    start += front.size() + record.data.size();
  }
}

std::uint64_t write_plain_points(AtomicFile& file, const PointCloud& cloud, const LasPlan& plan) {
  const std::size_t stride = plan.layout.stride;
  write_blocks(file, cloud.size(), points_of_block(stride),
               [&](std::size_t begin, std::size_t end, std::string& out) {
                 out.resize((end - begin) * stride);
                 pack_columns(plan.layout, plan.sources, begin,
                              std::as_writable_bytes(std::span(out)), file.subject());
               });
  return plan.header.points_start + cloud.size() * stride;
}

std::uint64_t write_compressed_points(AtomicFile& file, const PointCloud& cloud,
                                      const LasPlan& plan, const laz::LazSettings& settings) {
  const std::uint64_t start = plan.header.points_start;
  return start + laz::encode_chunks(file, settings, start, cloud.size(),
                                    [&](std::size_t first, std::span<std::byte> records) {
                                      pack_columns(plan.layout, plan.sources, first, records,
                                                   file.subject());
                                    });
}

}  // namespace
}  // namespace las

void check_las(const PointCloud& cloud, const LasOptions& options, std::string_view subject) {
  (void)las::plan_las(cloud, options, subject);
}

void write_las(AtomicFile& file, const PointCloud& cloud, bool compressed,
               const LasOptions& options) {
  las::LasPlan plan = las::plan_las(cloud, options, file.subject());
  const LasMetadata none;
  const LasMetadata& metadata = cloud.metadata().las ? *cloud.metadata().las : none;
  plan.header.compressed = compressed;
  plan.header.points = cloud.size();
  plan.header.points_by_return = las::count_returns(cloud);
  las::set_bounds(plan.header, cloud, plan.layout);
  las::check_sizes(plan, file.subject());
  const auto settings =
      las::laz::settings_for_format(plan.header.format, plan.layout.stride, metadata.chunk_points);
  if (compressed) plan.records.push_back(las::laz::make_laz_record(settings));
  file.append(las::front_of(plan, metadata.padding));
  const std::uint64_t end = compressed ? las::write_compressed_points(file, cloud, plan, settings)
                                       : las::write_plain_points(file, cloud, plan);
  las::write_extended_records(file, end, metadata.extended_records, plan.header);
  las::store_las_header(plan.header, plan.block);
  file.overwrite(0, las::as_text(plan.block));
}

}  // namespace ptattn::io
