#include "ptattn/tasks/geometry/neighborhood.hpp"

#include <algorithm>
#include <cmath>

#include "ptattn/core/parallel.hpp"

namespace ptattn {

IndexTable neighbors_in(const KdTree& tree, MatrixView queries, const Neighborhood& neighborhood) {
  if (std::isinf(neighborhood.radius) && neighborhood.radius > 0.0) {
    return tree.k_nearest(queries, std::min(neighborhood.k, tree.size()));
  }
  return tree.within_radius(queries, static_cast<float>(neighborhood.radius), neighborhood.k);
}

Position middle_of(std::span<const Position> positions) {
  if (positions.empty()) return {};
  Position low = positions.front();
  Position high = low;
  for (const Position& p : positions) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      low[axis] = std::min(low[axis], p[axis]);
      high[axis] = std::max(high[axis], p[axis]);
    }
  }
  Position middle{};
  for (std::size_t axis = 0; axis < 3; ++axis) middle[axis] = 0.5 * (low[axis] + high[axis]);
  return middle;
}

Matrix relative_to(const Position& origin, std::span<const Position> positions) {
  Matrix points(positions.size(), 3);
  parallel_each(positions.size(), 16384, [&](std::size_t i) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      points(i, axis) = static_cast<float>(positions[i][axis] - origin[axis]);
    }
  });
  return points;
}

std::vector<std::uint32_t> spread_rows(std::size_t n, std::size_t most) {
  const std::size_t count = std::min(n, most);
  std::vector<std::uint32_t> rows(count);
  for (std::size_t i = 0; i < count; ++i) rows[i] = static_cast<std::uint32_t>(i * n / count);
  return rows;
}

}  // namespace ptattn
