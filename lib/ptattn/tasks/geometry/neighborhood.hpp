#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/neighbors/kd_tree.hpp"
#include "ptattn/tasks/progress.hpp"

namespace ptattn {

/// Selects the points that a kernel sees from a position: of the `k` nearest those within `radius`.
struct Neighborhood {
  std::size_t k = 32;
  double radius = std::numeric_limits<double>::infinity();
};

/// Queries whose lists of neighbours exist at a time: bounds the memory of long runs.
inline constexpr std::size_t kNeighborhoodBlock = 32768;

/// Holds the neighbourhoods of consecutive points.
struct NeighborhoodBlock {
  std::size_t first;        ///< the point of the first list
  MatrixView queries;       ///< these points
  const IndexTable& lists;  ///< a list each
};

/// Finds the neighbourhood of every query: [m, min(k, size)], nearest first, kNoIndex behind the
/// last. Distances are those of the tree, in float32.
/// @throws Error(Fault::kUsage) when k is 0 or the radius negative or NaN
[[nodiscard]] IndexTable neighbors_in(const KdTree& tree, MatrixView queries,
                                      const Neighborhood& neighborhood);

/// Calls `body` with the neighbourhoods of all points, kNeighborhoodBlock of them at a time.
/// @param points  [n, 3], those that queries and lists are of
/// @throws        as neighbors_in
void for_each_block(const KdTree& tree, MatrixView points, const Neighborhood& neighborhood,
                    const std::function<void(const NeighborhoodBlock&)>& body,
                    const ProgressCallback& progress = {});

/// Chooses at most `most` rows of n, evenly spread; all of them when there are no more.
[[nodiscard]] std::vector<std::uint32_t> spread_rows(std::size_t n, std::size_t most);

}  // namespace ptattn
