#include "ptattn/io/las/new_las.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstring>
#include <optional>
#include <string>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/version.hpp"
#include "ptattn/io/las/bounds.hpp"
#include "ptattn/io/las/little_endian.hpp"
#include "ptattn/io/las/origin_steps.hpp"
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
constexpr unsigned kStandardTime = 1;  // bit of the global encoding

constexpr std::size_t kPointsPerTask = 65536;

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

/// True when all values are multiples of `scale`, as far as doubles show.
bool are_multiples(const Field& field, double scale) {
  constexpr double kMostMissed = 0.01;   // steps
  constexpr double kMostSteps = 0x1p45;  // a double tells hundredths of them apart
  std::atomic<bool> multiples{true};
  parallel_ranges(field.bytes().size() / size_of(field.type()), kPointsPerTask,
                  [&](std::size_t begin, std::size_t end) {
                    for (std::size_t i = begin; i < end && multiples; ++i) {
                      const double steps = field.as_double(i) / scale;
                      const bool is_one = std::abs(steps) < kMostSteps &&
                                          std::abs(steps - std::nearbyint(steps)) < kMostMissed;
                      if (!is_one) multiples = false;
                    }
                  });
  return multiples;
}

/// The usual scale, or a finer one of which all coordinates are multiples and that 32 bits hold.
double scale_of_multiples(const PointCloud& cloud, double extent) {
  for (const double scale : {kUsualScale, 1e-4, 1e-5, 1e-6, 1e-7}) {
    if (extent / scale > INT32_MAX) break;
    const bool holds_all = std::ranges::all_of(std::array{"x", "y", "z"}, [&](const char* axis) {
      return are_multiples(*find_standard(cloud, axis), scale);
    });
    if (holds_all) return scale;
  }
  return kUsualScale;
}

double scale_for(const PointCloud& cloud, const Bounds& bounds, const LasOptions& options) {
  if (options.scale > 0.0) return options.scale;
  double extent = 0.0;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    extent = std::max(extent, bounds.max[axis] - bounds.min[axis]);
  }
  if (!(extent > 0.0)) return kUsualScale;
  if (extent >= kSmallExtent) return scale_of_multiples(cloud, extent);
  return std::pow(10.0, std::floor(std::log10(extent)) - 6.0);
}

/// True for GPS times that are no seconds of a week, so that they are those that LAS calls adjusted
/// standard time.
bool has_standard_times(const PointCloud& cloud) {
  constexpr double kWeek = 604800.0;
  if (!has(cloud, "gps_time")) return false;
  const Field& times = *find_standard(cloud, "gps_time");
  for (std::size_t i = 0; i < cloud.size(); ++i) {
    const double time = times.as_double(i);
    if (time < 0.0 || time > kWeek) return true;
  }
  return false;
}

void put_text(std::byte* to, std::string_view text) {
  text.copy(reinterpret_cast<char*>(to), kTextSize);
}

/// Chooses scale and offset.
void set_steps(LasHeader& header, const PointCloud& cloud, const LasOptions& options,
               std::string_view subject) {
  const auto origin = options.scale > 0.0 ? std::nullopt : find_origin_steps(cloud);
  if (origin) {
    for (std::size_t axis = 0; axis < origin->size(); ++axis) {
      header.scale[axis] = (*origin)[axis].scale;
      header.offset[axis] = (*origin)[axis].offset;
    }
    return;
  }
  const Bounds bounds = bounds_of(cloud);
  header.scale.fill(scale_for(cloud, bounds, options));
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
}

}  // namespace

void start_new_las(LasPlan& plan, const PointCloud& cloud, const LasOptions& options,
                   std::string_view subject) {
  LasHeader& header = plan.header;
  header.minor_version = 4;
  header.format = static_cast<std::uint8_t>(format_with(parts_of_cloud(cloud)));
  header.record_length = static_cast<std::uint16_t>(size_of_format(header.format));
  set_steps(header, cloud, options, subject);
  plan.block.assign(kHeaderSize14, std::byte{0});
  std::memcpy(plan.block.data(), "LASF", 4);
  put_text(plan.block.data() + kSystem, "ptattn");
  put_text(plan.block.data() + kSoftware, std::string("ptattn ") + std::string(version()));
  unsigned encoding = add_reference_system(plan.records, options.crs, header.format);
  if (has_standard_times(cloud)) encoding |= kStandardTime;
  store<std::uint16_t>(plan.block.data() + kGlobalEncoding, static_cast<std::uint16_t>(encoding));
}

}  // namespace ptattn::io::las
