#include "ptattn/tasks/geometry/spacing.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "ptattn/cloud/bounds.hpp"
#include "ptattn/neighbors/knn.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kSample = 4096;

double distance(const Position& a, const Position& b) {
  return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

}  // namespace

double median_spacing(std::span<const Position> positions, std::size_t k) {
  return spacing_quantile(positions, k, 0.5);
}

double spacing_quantile(std::span<const Position> positions, std::size_t k, double share) {
  const std::size_t n = positions.size();
  if (n < 2) return 0.0;
  const std::size_t step = (n + kSample - 1) / kSample;
  const std::size_t count = (n + step - 1) / step;
  const Matrix points = normalized(positions, unit_sphere(positions));
  const MatrixView sample{points.data(), count, 3, 3 * step};
  const IndexTable neighbors = k_nearest(points, sample, std::min(k + 1, n));
  std::vector<double> distances(count);
  for (std::size_t i = 0; i < count; ++i) {
    distances[i] = distance(positions[i * step], positions[neighbors.row(i)[neighbors.k - 1]]);
  }
  const auto place = static_cast<std::size_t>(share * static_cast<double>(count));
  const auto at = distances.begin() + static_cast<std::ptrdiff_t>(std::min(place, count - 1));
  std::ranges::nth_element(distances, at);
  return *at;
}

double longest_side(std::span<const Position> positions) {
  return std::ranges::max(bounds_of(positions).extent());
}

}  // namespace ptattn
