#include "spacing.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "ptattn/neighbors/knn.hpp"

namespace ptattn::tools {
namespace {

using Point = std::array<float, 3>;
using Vector = std::array<double, 3>;

constexpr std::size_t kMeasured = 200'000;
constexpr std::size_t kSample = 4096;  // of these, points whose neighbours are looked at
constexpr std::size_t kNeighbors = 48;
constexpr double kSideways = 0.70710678;  // cosine of the least angle between two directions
constexpr double kOverlap = 1.5;
constexpr double kQuantile = 0.75;
constexpr double kLargest = 1.0 / 28.0;  // of the extent
constexpr double kSmallest = 1e-4;
constexpr double kCells = 32.0;  // along the largest extent

struct Box {
  Point low;
  double extent;  // the largest
};

Box box_of(std::span<const Point> points) {
  Point low = points.front();
  Point high = points.front();
  for (const Point& p : points) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      low[axis] = std::min(low[axis], p[axis]);
      high[axis] = std::max(high[axis], p[axis]);
    }
  }
  double extent = 1e-9;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    extent = std::fmax(extent, static_cast<double>(high[axis]) - low[axis]);
  }
  return {low, extent};
}

/// Scatters the numbers of cells over 0 to 1 (Knuth's multiplicative hash).
double scattered(std::uint64_t cell) {
  return static_cast<double>((cell * 0x9e3779b97f4a7c15ULL) >> 11) * 0x1p-53;
}

/// All points of some cells: a part of the cloud that is as dense as the whole.
std::vector<Point> part_of(std::span<const Point> points, const Box& box) {
  const double share = static_cast<double>(kMeasured) / static_cast<double>(points.size());
  if (share >= 1.0) return {points.begin(), points.end()};
  std::vector<Point> part;
  std::ranges::copy_if(points, std::back_inserter(part), [&](const Point& p) {
    std::uint64_t cell = 0;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const double place = kCells * (static_cast<double>(p[axis]) - box.low[axis]) / box.extent;
      cell = cell * 64 + static_cast<std::uint64_t>(place);
    }
    return scattered(cell + 1) < share;
  });
  if (part.empty()) part.assign(points.begin(), points.begin() + kMeasured);
  return part;
}

Vector between(const Point& a, const Point& b) {
  return {static_cast<double>(b[0]) - a[0], static_cast<double>(b[1]) - a[1],
          static_cast<double>(b[2]) - a[2]};
}

double dot(const Vector& a, const Vector& b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/// How far the points around are away sideways of the nearest one; nothing where all coincide.
std::optional<double> spacing_at(std::span<const Point> points, const Point& center,
                                 std::span<const std::uint32_t> neighbors) {
  std::optional<Vector> along;
  double farthest = 0.0;
  for (const std::uint32_t neighbor : neighbors) {
    const Vector v = between(center, points[neighbor]);
    const double length = std::sqrt(dot(v, v));
    if (!(length > 0.0)) continue;
    farthest = length;
    if (!along) along = v;
    const double cosine = dot(v, *along) / (length * std::sqrt(dot(*along, *along)));
    if (std::abs(cosine) <= kSideways) return length;
  }
  if (!along) return std::nullopt;
  return farthest;
}

}  // namespace

double covering_diameter(std::span<const Point> points) {
  const Box box = box_of(points);
  const std::vector<Point> part = part_of(points, box);
  const MatrixView matrix{part.front().data(), part.size(), 3, 3};
  const std::size_t step = (part.size() + kSample - 1) / kSample;
  const std::size_t count = (part.size() + step - 1) / step;
  const MatrixView sample{matrix.data, count, 3, 3 * step};
  const IndexTable neighbors = k_nearest(matrix, sample, std::min(kNeighbors + 1, part.size()));
  std::vector<double> spacings;
  for (std::size_t i = 0; i < count; ++i) {
    const auto spacing = spacing_at(part, part[i * step], {neighbors.row(i), neighbors.k});
    if (spacing) spacings.push_back(*spacing);
  }
  if (spacings.empty()) return kLargest * box.extent;
  const auto at = spacings.begin() +
                  static_cast<std::ptrdiff_t>(kQuantile * static_cast<double>(spacings.size() - 1));
  std::ranges::nth_element(spacings, at);
  return std::clamp(kOverlap * *at, kSmallest * box.extent, kLargest * box.extent);
}

}  // namespace ptattn::tools
