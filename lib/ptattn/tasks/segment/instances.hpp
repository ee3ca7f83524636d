#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ptattn/cloud/normalize.hpp"

namespace ptattn {

/// Represents the least that counts as a thing, in the unit of the positions, which is the metre.
struct InstanceOptions {
  double cell = 1.0;  ///< least edge of the cells whose touching connects points
  std::size_t fewest_points = 10;
  double least_area = 8.0;    ///< of the cells of a connected thing
  double crown_radius = 2.0;  ///< within which a crown has one top
  double least_crown = 2.0;   ///< height of a crown's top above its lowest point
};

/// Numbers connected things, such as buildings: points whose cells in plan touch are of one thing.
/// Cells are 1.5 times as wide as points are usually apart, where that is more than `options.cell`.
/// Things that share a wall have one number.
/// @param positions  of the points of one class, z up
/// @return           [n] numbers from 1 on, by the cell that comes first; 0: of too small a thing
/// Time O(n log n); the same numbers for any thread count.
[[nodiscard]] std::vector<std::uint32_t> connected_instances(std::span<const Position> positions,
                                                             const InstanceOptions& options = {});

/// Numbers crowns of trees by their tops: every cell leads to the highest cell within the radius,
/// and on, until none is higher (Popescu and Wynne 2004 with one window for all heights). Crowns
/// whose tops are nearer than the radius are one; a wide crown with several tops is several.
/// @param positions  of the points of vegetation, z up
/// @return           as connected_instances; 0: of what is too low for a tree
/// Time O(n log n); the same numbers for any thread count.
[[nodiscard]] std::vector<std::uint32_t> crown_instances(std::span<const Position> positions,
                                                         const InstanceOptions& options = {});

}  // namespace ptattn
