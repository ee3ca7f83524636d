#pragma once

#include <cstddef>
#include <span>

#include "ptattn/cloud/normalize.hpp"

namespace ptattn {

/// Returns how far apart the points are: the median over points of the distance to the k-th nearest
/// other one (the farthest when there are fewer), in the cloud's unit.
///
/// Looks at every s-th point, s = ceil(n / 4096). 0 when half of them coincide with their k nearest
/// or there is no other.
/// @param positions  finite
/// @param k          >= 1
/// Time O(n log n); the same bits for any thread count.
[[nodiscard]] double median_spacing(std::span<const Position> positions, std::size_t k);

/// Returns the same for another share of the points: what that share of the distances does not
/// exceed.
/// @param share  from 0 to 1; 0.5 is the median
[[nodiscard]] double spacing_quantile(std::span<const Position> positions, std::size_t k,
                                      double share);

/// Returns the longest side of the bounding box; 0 for no points.
[[nodiscard]] double longest_side(std::span<const Position> positions);

}  // namespace ptattn
