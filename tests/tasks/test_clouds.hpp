#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ptattn/cloud/normalize.hpp"
#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/core/random.hpp"

namespace ptattn::test {

/// `n` points of a shape without symmetry: an ellipsoid's upper half with a bump towards +x.
inline std::vector<Position> lopsided_points(std::size_t n, std::uint64_t seed = 1) {
  Random random(seed);
  std::vector<Position> points(n);
  for (Position& p : points) {
    const double angle = 6.283185307179586 * random.uniform();
    const double height = random.uniform();
    const double radius = std::sqrt(1.0 - height * height);
    p = {1.5 * radius * std::cos(angle), 0.7 * radius * std::sin(angle), 0.4 * height};
    if (p[0] > 1.0) p[2] += 0.5;
  }
  return points;
}

inline PointCloud cloud_of(const std::vector<Position>& points) {
  PointCloud cloud(points.size());
  const char* const names[] = {"x", "y", "z"};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    auto values = cloud.add(names[axis], FieldType::kFloat64).values<double>();
    for (std::size_t i = 0; i < points.size(); ++i) values[i] = points[i][axis];
  }
  return cloud;
}

}  // namespace ptattn::test
