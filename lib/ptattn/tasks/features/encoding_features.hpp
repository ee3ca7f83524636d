#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ptattn/cloud/normalize.hpp"
#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// Holds shortest and longest wavelength, in the cloud's unit.
using WavelengthRange = std::pair<double, double>;

struct EncodingOptions {
  std::size_t wavelength_count = 8;  ///< L, in geometric progression
  /// Else four times the median distance between neighbours (the 8th of each) and twice the longest
  /// side; 1 for a cloud without extent.
  std::optional<WavelengthRange> wavelengths{};
  /// Where the coordinates begin; else the mean of the points. A fixed origin gives equal places
  /// equal encodings in several clouds, the mean makes them belong to the object.
  std::optional<Position> origin{};
};

struct EncodingFeatures {
  Matrix values;                    ///< [n, 6 L]
  std::vector<double> wavelengths;  ///< [L]
};

/// Returns "sin_x_w0", "cos_x_w0", "sin_x_w1", ...: axis after axis, from the shortest wavelength
/// on.
[[nodiscard]] std::vector<std::string> encoding_feature_names(std::size_t wavelength_count);

/// Returns the sinusoidal encoding of the positions, see encode_coordinates.
/// @param positions  finite
/// @throws           Error(Fault::kUsage) when the wavelengths are not as `check_wavelengths` says
/// Time O(n L), O(n log n + n L) when wavelengths are chosen; the same bits for any thread count.
[[nodiscard]] EncodingFeatures encoding_features(std::span<const Position> positions,
                                                 const EncodingOptions& options);

/// Encodes positions - origin with no copy of all of them.
/// @param out  [n, encoding_channels(3, wavelengths)]
void encode_positions(std::span<const Position> positions, const Position& origin,
                      std::span<const double> wavelengths, MutableMatrixView out);

/// Returns true for the lengths that coordinates can be divided by: 1e-150 to 1e150.
[[nodiscard]] bool is_length(double value);
/// @throws Error(Fault::kUsage) unless shortest <= longest and both are lengths
void check_wavelengths(const WavelengthRange& range);

}  // namespace ptattn
