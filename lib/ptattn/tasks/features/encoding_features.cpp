#include "ptattn/tasks/features/encoding_features.hpp"

#include <algorithm>

#include "ptattn/core/error.hpp"
#include "ptattn/nn/encoding/positional_encoding.hpp"
#include "ptattn/tasks/geometry/spacing.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kBlock = 65536;  // positions that are copied at a time
constexpr std::size_t kNeighbor = 8;

WavelengthRange choose_wavelengths(std::span<const Position> positions) {
  const double longest = 2.0 * longest_side(positions);
  if (!is_length(longest)) return {1.0, 1.0};
  const double shortest = 4.0 * median_spacing(positions, kNeighbor);
  return {is_length(shortest) ? std::min(shortest, longest) : longest, longest};
}

}  // namespace

std::vector<std::string> encoding_feature_names(std::size_t wavelength_count) {
  std::vector<std::string> names;
  for (const char* const axis : {"x", "y", "z"}) {
    for (std::size_t w = 0; w < wavelength_count; ++w) {
      for (const char* const wave : {"sin_", "cos_"}) {
        std::string& name = names.emplace_back(wave);
        name.append(axis).append("_w").append(std::to_string(w));
      }
    }
  }
  return names;
}

EncodingFeatures encoding_features(std::span<const Position> positions,
                                   const EncodingOptions& options) {
  if (options.wavelengths) check_wavelengths(*options.wavelengths);
  EncodingFeatures features;
  const std::size_t channels = encoding_channels(3, options.wavelength_count);
  features.values = Matrix(positions.size(), channels);
  if (positions.empty()) return features;
  const auto [shortest, longest] =
      options.wavelengths ? *options.wavelengths : choose_wavelengths(positions);
  features.wavelengths = geometric_wavelengths(shortest, longest, options.wavelength_count);
  const Position origin = options.origin ? *options.origin : unit_sphere(positions).center;
  encode_positions(positions, origin, features.wavelengths, features.values);
  return features;
}

void encode_positions(std::span<const Position> positions, const Position& origin,
                      std::span<const double> wavelengths, MutableMatrixView out) {
  std::vector<double> moved;
  for (std::size_t begin = 0; begin < positions.size(); begin += kBlock) {
    const std::size_t count = std::min(kBlock, positions.size() - begin);
    moved.clear();
    for (const Position& p : positions.subspan(begin, count)) {
      for (std::size_t axis = 0; axis < 3; ++axis) moved.push_back(p[axis] - origin[axis]);
    }
    encode_coordinates(moved, 3, wavelengths, out.rows_range(begin, count));
  }
}

bool is_length(double value) {
  return value >= 1.0 / kLargestCoordinate && value <= kLargestCoordinate;
}

void check_wavelengths(const WavelengthRange& range) {
  if (is_length(range.first) && is_length(range.second) && range.first <= range.second) return;
  throw Error(Fault::kUsage, "wavelengths",
              "not a range of lengths, expected the shortest above 0 and the longest not below it");
}

}  // namespace ptattn
