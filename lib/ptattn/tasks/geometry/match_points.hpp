#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ptattn/cloud/normalize.hpp"

namespace ptattn {

/// Says which points of two files are the same ones.
struct PointMatch {
  /// For each point of the one cloud the point of the other; empty: they stand in the same order.
  std::vector<std::uint32_t> partner{};
  Position offset{};  ///< the one's coordinates minus the other's
  /// True when the points stand in the same order but lie farther apart than the tolerance, as
  /// after smoothing; the rest is empty then.
  bool moved = false;
};

/// Finds out in which order the points of two clouds stand that are meant to be the same.
///
/// Points are the same when they lie within `tolerance` of each other, once the lower corners of
/// the two bounding boxes are laid on each other. Points that coincide are paired in the order of
/// their files, and so are points without finite coordinates. Where no one-to-one match is found,
/// points of the same order are taken as moved if 95 % of them lie within 3 median distances
/// between neighbors.
/// @param tolerance  in the unit of the clouds, see match_tolerance
/// @return  nullopt when they are not the same points
/// @throws  Error(Fault::kUsage) when there are not as many
/// Time O(n log n) where the order differs, else O(n).
[[nodiscard]] std::optional<PointMatch> match_points(std::span<const Position> a,
                                                     std::span<const Position> b, double tolerance);

/// Returns how far apart the coordinates of one point may be: a quarter of the median distance of
/// neighbors, or twice the steps in which coordinates are stored if that is more.
/// @param step  of the coarser file: float32 at large coordinates, the scale of LAS
[[nodiscard]] double match_tolerance(std::span<const Position> positions, double step);

}  // namespace ptattn
