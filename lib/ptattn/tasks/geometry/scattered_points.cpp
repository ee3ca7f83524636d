#include "ptattn/tasks/geometry/scattered_points.hpp"

#include <algorithm>
#include <cstddef>

#include "ptattn/cloud/normalize.hpp"
#include "ptattn/neighbors/kd_tree.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kFewest = 64;  // below, a share of 2 % is a single point
constexpr std::size_t kSample = 256;
constexpr std::size_t kNeighbors = 3;  // the point itself is the first
constexpr double kFar = 3.0;
constexpr double kApart = 2.0;
constexpr double kLeastShare = 0.02;
constexpr double kLargestShare = 0.25;

double squared_distance(const float* a, const float* b) {
  double sum = 0.0;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const double difference = double{a[axis]} - double{b[axis]};
    sum += difference * difference;
  }
  return sum;
}

/// Squared distances of the queries from the last of their neighbours.
std::vector<double> distances(const KdTree& tree, const Matrix& points, MatrixView queries) {
  const IndexTable neighbors = tree.k_nearest(queries, kNeighbors);
  std::vector<double> result(queries.rows);
  for (std::size_t i = 0; i < queries.rows; ++i) {
    const std::uint32_t last = neighbors.row(i)[kNeighbors - 1];
    result[i] = squared_distance(queries.row(i), points.view().row(last));
  }
  return result;
}

}  // namespace

std::vector<std::uint32_t> scattered_points(std::span<const Position> positions) {
  const std::size_t n = positions.size();
  if (n < kFewest) return {};
  const Matrix points = normalized(positions, unit_sphere(positions));
  const KdTree tree(points);
  const std::size_t step = (n + kSample - 1) / kSample;
  std::vector<double> some =
      distances(tree, points, {points.data(), (n + step - 1) / step, 3, 3 * step});
  const auto middle = some.begin() + static_cast<std::ptrdiff_t>(some.size() / 2);
  std::ranges::nth_element(some, middle);
  const double median = *middle;
  const auto far = std::ranges::count_if(some, [&](double d) { return d > kFar * kFar * median; });
  const double share = static_cast<double>(far) / static_cast<double>(some.size());
  if (median == 0.0 || share < kLeastShare || share > kLargestShare) return {};

  const std::vector<double> all = distances(tree, points, points);
  std::vector<std::uint32_t> rows;
  for (std::uint32_t i = 0; i < n; ++i) {
    if (all[i] > kApart * kApart * median) rows.push_back(i);
  }
  return rows;
}

}  // namespace ptattn
