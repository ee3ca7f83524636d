#pragma once

#include <array>
#include <span>

namespace ptattn::tools {

/// Chooses how large points must be to close surfaces, scan lines included.
///
/// A point's spacing is the distance to the nearest neighbour whose direction differs by at least
/// 45 degrees from that to the nearest one of all (sideways, either way along counts as one): on
/// scan lines the distance of the lines, else about that of the points. The diameter is 1.5 times
/// the spacing that three quarters of the points do not exceed (sqrt(2) closes a square grid), at
/// most 1/28 of the largest extent.
/// @param points  at least one
/// Of more than 200 000 points, those of some cells of a grid are measured. Time O(n); the same
/// bits for any thread count.
[[nodiscard]] double covering_diameter(std::span<const std::array<float, 3>> points);

}  // namespace ptattn::tools
