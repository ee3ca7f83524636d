#pragma once

#include <cstddef>

namespace ptattn {

/// Spreads test-time views of a cloud over angles about the vertical: 0 for the first; the others
/// lie evenly on the circle when `half_range` is 180, else evenly in [-half_range, half_range],
/// right and left in turn.
/// @param view        below `views`
/// @param half_range  in degrees
/// @return            degrees, counter-clockwise
[[nodiscard]] double view_angle(std::size_t view, std::size_t views, double half_range);

}  // namespace ptattn
