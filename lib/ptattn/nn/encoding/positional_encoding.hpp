#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// Returns the wavelengths of the original positional encoding (Vaswani et al. 2017, section 3.5):
///
///   lambda_j = 2 pi base^(2j / channels),  j = 0 ... ceil(channels / 2) - 1
///
/// in the unit of whatever is encoded.
/// @throws Error(Fault::kUsage) unless base is finite and positive
[[nodiscard]] std::vector<double> base_wavelengths(std::size_t channels, double base = 10000.0);
/// Writes the same wavelengths to `wavelengths` [(channels + 1) / 2].
void base_wavelengths(std::size_t channels, double base, std::span<double> wavelengths);

/// Returns `count` wavelengths in geometric progression, both ends included; one alone is the
/// shortest.
/// @throws Error(Fault::kUsage) unless 0 < shortest <= longest < infinity
[[nodiscard]] std::vector<double> geometric_wavelengths(double shortest, double longest,
                                                        std::size_t count);

/// Returns the sinusoidal encoding of the indices first, first + 1, ... (Vaswani et al. 2017,
/// section 3.5):
///
///   P[i, 2j]     = sin((first + i) / base^(2j / c))
///   P[i, 2j + 1] = cos((first + i) / base^(2j / c))
///
/// An odd number c of channels ends with a sine.
/// @return  [count, channels]
/// @throws  Error(Fault::kUsage) unless base is finite and positive
/// Time O(count channels); the same bits for any thread count, and for any `first` that an index
/// is reached from.
[[nodiscard]] Matrix index_encoding(std::size_t first, std::size_t count, std::size_t channels,
                                    double base = 10000.0);

/// Returns the channels of `encode_coordinates`: a sine and a cosine a wavelength and axis.
[[nodiscard]] constexpr std::size_t encoding_channels(std::size_t axes, std::size_t wavelengths) {
  return 2 * axes * wavelengths;
}

/// Encodes metric coordinates, axis by axis, with the same functions, for points instead of words:
///
///   out[i, 2 (a w + j)]     = sin(2 pi x[i, a] / lambda_j)
///   out[i, 2 (a w + j) + 1] = cos(2 pi x[i, a] / lambda_j),   j < w
///
/// The encoding is absolute: it changes when the cloud moves, unless by a multiple of every
/// wavelength. Callers that want it to belong to the object subtract an origin first. Phases are
/// computed in float64, so offsets of a map projection do them no harm (6e6 m at a wavelength of
/// 1 cm: 1e-7 turns). A coordinate that is not finite gives NaN.
/// @param coordinates  [n, axes] row-major, in the unit of the wavelengths
/// @param axes         per point, 3 for positions
/// @param wavelengths  [w], each finite and positive
/// @param out          [n, encoding_channels(axes, w)]
/// @throws Error(Fault::kUsage) when a wavelength is not as said or the shapes do not fit each
///         other
/// Time O(n axes w), memory O(axes w) beside the result; the same bits for any thread count.
void encode_coordinates(std::span<const double> coordinates, std::size_t axes,
                        std::span<const double> wavelengths, MutableMatrixView out);

/// Encodes float32 coordinates [n, axes] in the same way: subtract an origin before they are
/// rounded to float32, since at 6e6 m neighbouring float32 numbers are half a metre apart.
void encode_coordinates(MatrixView coordinates, std::span<const double> wavelengths,
                        MutableMatrixView out);

}  // namespace ptattn
