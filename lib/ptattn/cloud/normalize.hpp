#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "ptattn/cloud/types.hpp"
#include "ptattn/core/matrix.hpp"
#include "ptattn/core/raw_vector.hpp"

namespace ptattn {

/// Coordinates beyond this magnitude count as infinite: their squares overflow float64.
inline constexpr double kLargestCoordinate = 1e150;

/// Returns the indices of the points whose three coordinates are finite, ascending.
/// Time O(n), parallel.
[[nodiscard]] std::vector<std::size_t> finite_points(std::span<const Position> positions);

/// Drops all others from `positions`; what finite_points says of them before.
std::vector<std::size_t> keep_finite(RawVector<Position>& positions);

/// Says how a cloud was moved into the unit sphere: normalised = (p - center) / radius.
struct UnitSphere {
  Position center{};    ///< mean of the points, in the cloud's unit
  double radius = 1.0;  ///< distance of the farthest point from the centre
};

/// Returns what moves the centroid to the origin and the farthest point to distance 1. All
/// arithmetic is float64 and only the result is rounded to float32, so georeferenced coordinates
/// lose nothing. A cloud whose points all coincide maps to zeros (radius 1).
/// @param positions  finite (see finite_points) and not empty (checked: Fault::kUsage)
/// Time O(n); the same bits for any thread count.
[[nodiscard]] UnitSphere unit_sphere(std::span<const Position> positions);
/// @return [n, 3]
[[nodiscard]] Matrix normalized(std::span<const Position> positions, const UnitSphere& frame);

}  // namespace ptattn
