#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/neighbors/kd_tree.hpp"

namespace ptattn {

/// Selects the points that a kernel sees from a position: of the `k` nearest those within `radius`.
struct Neighborhood {
  std::size_t k = 32;
  double radius = std::numeric_limits<double>::infinity();
};

/// Queries whose lists of neighbours exist at a time: bounds the memory of long runs.
inline constexpr std::size_t kNeighborhoodBlock = 32768;

/// Finds the neighbourhood of every query: [m, min(k, size)], nearest first, kNoIndex behind the
/// last. Distances are those of the tree, in float32.
/// @throws Error(Fault::kUsage) when k is 0 or the radius negative or NaN
[[nodiscard]] IndexTable neighbors_in(const KdTree& tree, MatrixView queries,
                                      const Neighborhood& neighborhood);

/// Chooses at most `most` rows of n, evenly spread; all of them when there are no more.
[[nodiscard]] std::vector<std::uint32_t> spread_rows(std::size_t n, std::size_t most);

}  // namespace ptattn
