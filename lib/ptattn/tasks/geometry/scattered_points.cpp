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
constexpr std::size_t kPart = 16'384;
constexpr double kFarInPart = 2.4;  // thinned, a surface is nearer to what is scattered around it
constexpr double kLeastInPart = 0.01;

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

/// The median of some squared distances, and the share of them beyond some times it.
struct Spread {
  double median = 0.0;
  double share = 0.0;
};

Spread spread_of(std::vector<double> some, double times) {
  const auto middle = some.begin() + static_cast<std::ptrdiff_t>(some.size() / 2);
  std::ranges::nth_element(some, middle);
  const double median = *middle;
  const auto far =
      std::ranges::count_if(some, [&](double d) { return d > times * times * median; });
  return {median, static_cast<double>(far) / static_cast<double>(some.size())};
}

/// Every s-th row, as many as kSample.
MatrixView sample_of(MatrixView points) {
  const std::size_t step = (points.rows + kSample - 1) / kSample;
  return {points.data, (points.rows + step - 1) / step, points.cols, points.stride * step};
}

/// Whether a part of a large cloud has so few points that lie farther apart than others that the
/// whole has none worth looking for: its search tree takes a third of a classification's time.
bool is_even(MatrixView points) {
  if (points.rows <= 2 * kPart) return false;
  const std::size_t step = points.rows / kPart;
  Matrix part((points.rows + step - 1) / step, 3);
  for (std::size_t i = 0; i < part.rows(); ++i) std::copy_n(points.row(i * step), 3, part.row(i));
  const KdTree tree(part);
  return spread_of(distances(tree, part, sample_of(part)), kFarInPart).share < kLeastInPart;
}

}  // namespace

std::vector<std::uint32_t> scattered_points(std::span<const Position> positions) {
  const std::size_t n = positions.size();
  if (n < kFewest) return {};
  const Matrix points = normalized(positions, unit_sphere(positions));
  if (is_even(points)) return {};
  const KdTree tree(points);
  const auto [median, share] = spread_of(distances(tree, points, sample_of(points)), kFar);
  if (median == 0.0 || share < kLeastShare || share > kLargestShare) return {};

  const std::vector<double> all = distances(tree, points, points);
  std::vector<std::uint32_t> rows;
  for (std::uint32_t i = 0; i < n; ++i) {
    if (all[i] > kApart * kApart * median) rows.push_back(i);
  }
  return rows;
}

}  // namespace ptattn
