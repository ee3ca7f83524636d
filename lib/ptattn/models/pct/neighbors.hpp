#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/models/pct/config.hpp"

namespace ptattn {

/// The k nearest of `points` to each of `queries`, as the published implementation of PCT chooses
/// them: by
///
///   -2 q.p + |q|^2 + |p|^2
///
/// in float32, whose rounding moves distances by up to 1e-6. Where the k-th and the next point are
/// as close to each other as that, its choice is not that of k_nearest, and the logits move by some
/// 1e-4 of the largest: little, but more than everything else that differs between the two.
/// Equal values go to the lowest index.
///
/// Only the nearest k + 16 points are considered; no point beyond them can be chosen unless more
/// than 16 others lie within rounding of the k-th distance.
/// @param points   [n, 3], finite, in the unit sphere
/// @param queries  [m, 3], finite, in the unit sphere
/// @param k        1 <= k <= n
/// @param out      [m k] indices row by row, each row in no particular order
/// Time as k_nearest; the same bits for any thread count.
void pct_neighbors(MatrixView points, MatrixView queries, std::size_t k,
                   std::span<std::uint32_t> out);

/// Represents the points that a stage of PCT keeps, and whom it groups around them.
struct PctGroups {
  std::span<const std::uint32_t> sampled;    ///< [m] rows of the points before
  MatrixView positions;                      ///< [m, 3]
  std::span<const std::uint32_t> neighbors;  ///< [m k] see pct_neighbors
};

/// Returns farthest point sampling and the neighbours of what it keeps.
/// @param points   [n, 3], finite, in the unit sphere; n is at least the group's points
/// @param scratch  holds the result
/// Time that of farthest_point_sample and pct_neighbors; the same bits for any thread count.
[[nodiscard]] PctGroups pct_groups(MatrixView points, const PctConfig::Group& group,
                                   ScratchMemory& scratch);

}  // namespace ptattn
