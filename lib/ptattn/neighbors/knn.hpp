#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// Holds row-major table of point indices [rows, k].
struct IndexTable {
  std::size_t rows = 0;
  std::size_t k = 0;
  std::vector<std::uint32_t> indices;

  [[nodiscard]] const std::uint32_t* row(std::size_t i) const { return indices.data() + i * k; }
};

/// Returns the k nearest of `points` to each of `queries`, nearest first, exact.
///
/// Squared distances are (dx dx + dy dy) + dz dz in float32 without fused operations, so the order
/// is the same on every CPU; equal distances go to the lowest index. A point of the cloud is its
/// own first neighbour (or a duplicate with a lower index is).
/// @param points   [n, 3], finite, n >= 1
/// @param queries  [m, 3], finite
/// @param k        1 <= k <= n
/// @return         [m, k]
/// @throws         Error(Fault::kUsage) when an argument is not as said
/// Time O(n log n + m (k + log n)): a KdTree, built and used once. Parallel; the same bits for any
/// thread count.
[[nodiscard]] IndexTable k_nearest(MatrixView points, MatrixView queries, std::size_t k);

}  // namespace ptattn
