#pragma once

#include <cstddef>

#include "ptattn/cloud/rotation.hpp"

namespace ptattn {

/// Spreads test-time views of a cloud over angles about the vertical: 0 for the first; the others
/// lie evenly on the circle when `half_range` is 180, else evenly in [-half_range, half_range],
/// right and left in turn.
/// @param view        below `views`
/// @param half_range  in degrees
/// @return            degrees, counter-clockwise
[[nodiscard]] double view_angle(std::size_t view, std::size_t views, double half_range);

/// Spreads test-time views of a cloud over all rotations: none for the first, and from there those
/// of the super-Fibonacci spirals of `views` rotations (Alexa, "Super-Fibonacci Spirals: Fast,
/// Low-Discrepancy Sampling of SO(3)", CVPR 2022).
/// @param view  below `views`
[[nodiscard]] Rotation view_rotation(std::size_t view, std::size_t views);

}  // namespace ptattn
