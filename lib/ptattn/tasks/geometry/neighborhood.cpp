#include "ptattn/tasks/geometry/neighborhood.hpp"

#include <algorithm>
#include <cmath>

namespace ptattn {

IndexTable neighbors_in(const KdTree& tree, MatrixView queries, const Neighborhood& neighborhood) {
  if (std::isinf(neighborhood.radius) && neighborhood.radius > 0.0) {
    return tree.k_nearest(queries, std::min(neighborhood.k, tree.size()));
  }
  return tree.within_radius(queries, static_cast<float>(neighborhood.radius), neighborhood.k);
}

void for_each_block(const KdTree& tree, MatrixView points, const Neighborhood& neighborhood,
                    const std::function<void(const NeighborhoodBlock&)>& body,
                    const ProgressCallback& progress) {
  for (std::size_t first = 0; first < points.rows; first += kNeighborhoodBlock) {
    const std::size_t count = std::min(kNeighborhoodBlock, points.rows - first);
    const MatrixView queries = points.rows_range(first, count);
    body({first, queries, neighbors_in(tree, queries, neighborhood)});
    if (progress) progress(first + count, points.rows);
  }
}

std::vector<std::uint32_t> spread_rows(std::size_t n, std::size_t most) {
  const std::size_t count = std::min(n, most);
  std::vector<std::uint32_t> rows(count);
  for (std::size_t i = 0; i < count; ++i) rows[i] = static_cast<std::uint32_t>(i * n / count);
  return rows;
}

}  // namespace ptattn
