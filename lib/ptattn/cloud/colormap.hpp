#pragma once

#include <span>
#include <vector>

#include "ptattn/cloud/paint.hpp"

namespace ptattn {

/// Represents the values that the two ends of the colour map stand for.
struct ColorRange {
  double low = 0.0;
  double high = 1.0;
};

/// Returns the range from `low` up to the number that `percent` of the values above `low` do not
/// exceed: a few outliers at the upper end do not take all colours for themselves, and neither do
/// values that are all `low`. NaN and infinite values do not count. Where none is above `low`:
/// [low, low + 1].
/// @param percent  above 0, up to 100
/// @throws         Error(Fault::kUsage) when it is not
/// Time O(n).
[[nodiscard]] ColorRange range_up_to(std::span<const float> values, double percent,
                                     double low = 0.0);

/// Returns the colour of a number between 0 and 1 (numbers beyond are clamped): dark violet, blue,
/// green, yellow, light orange, each brighter than the one before, so that the order is seen in
/// black and white and by colour-blind readers as well. NaN is grey.
///
///   f = 0.15 + 0.77 t,  phi = 2 pi (s/3 + r f),  a = h f (1 - f) / 2
///   (R, G, B) = f + a (-0.14861 cos phi + 1.78277 sin phi,
///                      -0.29227 cos phi - 0.90649 sin phi, 1.97294 cos phi)
///
/// Cubehelix (Green 2011, "A colour scheme for the display of astronomical intensity images") with
/// start s = 0.6, rotations r = -0.9 and hue h = 1.8, without the ends of no colour.
[[nodiscard]] Rgb color_of(double t);

/// Returns the colour of each value within a range.
/// @return [n]
[[nodiscard]] std::vector<Rgb> colors_of(std::span<const float> values, const ColorRange& range);

}  // namespace ptattn
