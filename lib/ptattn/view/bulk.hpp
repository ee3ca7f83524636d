#pragma once

#include <cstddef>
#include <span>

#include "ptattn/cloud/bounds.hpp"
#include "ptattn/cloud/types.hpp"

namespace ptattn::view {

/// Says where nearly all points of a cloud lie.
struct Bulk {
  PositionBounds box;     ///< of the points that are no strays
  std::size_t stray = 0;  ///< points outside of the box
};

/// Finds the box that is worth showing: without points that lie far away from nearly all others.
///
/// With [a, b] from the 1st to the 99th percentile along each axis (at least the lowest and the
/// highest point left out) and s the longest side of this middle, a point is a stray if it lies
/// beyond a - 1.5 s or b + 1.5 s along some axis: towers, cliffs and long arms are not.
/// @param positions  finite; fewer than 20 have no strays
/// Time O(n); memory 8 n bytes; the same bits for any thread count.
[[nodiscard]] Bulk bulk_of(std::span<const Position> positions);

}  // namespace ptattn::view
