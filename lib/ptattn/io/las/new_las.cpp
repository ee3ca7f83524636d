#include "ptattn/io/las/new_las.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "ptattn/core/error.hpp"
#include "ptattn/core/version.hpp"
#include "ptattn/io/las/bounds.hpp"
#include "ptattn/io/las/little_endian.hpp"
#include "ptattn/io/las/point_format.hpp"
#include "ptattn/io/las/reference_system.hpp"
#include "ptattn/io/las/standard_fields.hpp"

namespace ptattn::io::las {
namespace {

// Offsets in the header block.
constexpr std::size_t kGlobalEncoding = 6;
constexpr std::size_t kSystem = 26;
constexpr std::size_t kSoftware = 58;
constexpr std::size_t kTextSize = 32;

constexpr double kUsualScale = 0.001;
constexpr double kSmallExtent = 10.0;

bool has(const PointCloud& cloud, std::string_view name) {
  const Field* const field = find_standard(cloud, name);
  return field != nullptr && field->count() == 1;
}

/// True when some value of the field is too large for the packed numbers of formats 0 to 5.
bool exceeds(const PointCloud& cloud, std::string_view name, unsigned largest) {
  if (!has(cloud, name)) return false;
  const Field& field = *find_standard(cloud, name);
  for (std::size_t i = 0; i < cloud.size(); ++i) {
    if (field.as_double(i) > largest) return true;
  }
  return false;
}

FormatParts parts_of_cloud(const PointCloud& cloud) {
  constexpr unsigned kLegacyReturns = 7;
  constexpr unsigned kLegacyClasses = 31;
  FormatParts parts;
  parts.gps_time = has(cloud, "gps_time");
  parts.rgb = has(cloud, "red") && has(cloud, "green") && has(cloud, "blue");
  parts.nir = has(cloud, "nir");
  parts.waveform = has(cloud, "wavepacket_index") && has(cloud, "wavepacket_offset");
  parts.extended = has(cloud, "overlap") || has(cloud, "scanner_channel") ||
                   has(cloud, "scan_angle") || exceeds(cloud, "classification", kLegacyClasses) ||
                   exceeds(cloud, "return_number", kLegacyReturns) ||
                   exceeds(cloud, "number_of_returns", kLegacyReturns);
  return parts;
}

double scale_for(const Bounds& bounds, const LasOptions& options) {
  if (options.scale > 0.0) return options.scale;
  double extent = 0.0;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    extent = std::max(extent, bounds.max[axis] - bounds.min[axis]);
  }
  if (!(extent > 0.0) || extent >= kSmallExtent) return kUsualScale;
  return std::pow(10.0, std::floor(std::log10(extent)) - 6.0);
}

void put_text(std::byte* to, std::string_view text) {
  text.copy(reinterpret_cast<char*>(to), kTextSize);
}

}  // namespace

void start_new_las(LasPlan& plan, const PointCloud& cloud, const LasOptions& options,
                   std::string_view subject) {
  LasHeader& header = plan.header;
  header.minor_version = 4;
  header.format = static_cast<std::uint8_t>(format_with(parts_of_cloud(cloud)));
  header.record_length = static_cast<std::uint16_t>(size_of_format(header.format));
  const Bounds bounds = bounds_of(cloud);
  header.scale.fill(scale_for(bounds, options));
  for (std::size_t axis = 0; axis < 3; ++axis) {
    if (!cloud.empty() && !std::isfinite(bounds.min[axis] + bounds.max[axis])) {
      throw Error(Fault::kInput, subject,
                  "has points without finite coordinates, which LAS cannot hold");
    }
    const double middle = 0.5 * (bounds.min[axis] + bounds.max[axis]);
    header.offset[axis] = cloud.empty() ? 0.0 : std::round(middle);
    const double steps = 0.5 * (bounds.max[axis] - bounds.min[axis]) + 1.0;
    if (!cloud.empty() && steps / header.scale[axis] > INT32_MAX) {
      throw Error(Fault::kInput, subject,
                  "extends too far for a scale of " + std::to_string(header.scale[axis]) +
                      " and 32-bit integers, choose a larger --las-scale");
    }
  }
  plan.block.assign(kHeaderSize14, std::byte{0});
  std::memcpy(plan.block.data(), "LASF", 4);
  put_text(plan.block.data() + kSystem, "ptattn");
  put_text(plan.block.data() + kSoftware, std::string("ptattn ") + std::string(version()));
  const auto encoding = add_reference_system(plan.records, options.crs, header.format);
  store<std::uint16_t>(plan.block.data() + kGlobalEncoding, encoding);
}

}  // namespace ptattn::io::las
