#pragma once

#include <array>
#include <span>

namespace ptattn::tools {

/// How large points must be to close a surface: somewhat more than the median distance to the
/// fourth nearest neighbour; of more than 200 000 points, measured on some of them and scaled as on
/// a surface, distance ~ 1 / sqrt(points). At most a fiftieth of the largest extent.
/// @param points  at least one
[[nodiscard]] double covering_diameter(std::span<const std::array<float, 3>> points);

}  // namespace ptattn::tools
