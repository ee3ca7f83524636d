#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"

namespace ptattn::test {

/// Points with float64 coordinates.
inline PointCloud cloud_at(const std::vector<std::array<double, 3>>& points) {
  PointCloud cloud(points.size());
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const auto values =
        cloud.add(std::string(1, "xyz"[axis]), FieldType::kFloat64).values<double>();
    for (std::size_t i = 0; i < points.size(); ++i) values[i] = points[i][axis];
  }
  return cloud;
}

/// `n` points along x.
inline PointCloud line_of(std::size_t n) {
  std::vector<std::array<double, 3>> points(n);
  for (std::size_t i = 0; i < n; ++i) points[i] = {static_cast<double>(i), 0.0, 0.5};
  return cloud_at(points);
}

template <class T>
void add_field(PointCloud& cloud, const std::string& name, const std::vector<T>& values,
               std::uint32_t count = 1) {
  std::ranges::copy(values,
                    cloud.add(name, field_type_of<T>(), count).template values<T>().begin());
}

}  // namespace ptattn::test
