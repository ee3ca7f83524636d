#pragma once

#include <array>
#include <cstdint>

#include "ptattn/cloud/point_cloud.hpp"

namespace ptattn::io::las {

struct Bounds {
  std::array<double, 3> min{};
  std::array<double, 3> max{};
};

/// Returns the smallest and the largest x, y and z; NaN when a coordinate is. Zeros for no points.
/// Time O(n); parallel.
[[nodiscard]] Bounds bounds_of(const PointCloud& cloud);

/// Returns the bounds of two clouds together; NaN spreads.
[[nodiscard]] Bounds joined(const Bounds& a, const Bounds& b);

/// Returns how many points are a first return, a second one and so on up to the fifteenth.
[[nodiscard]] std::array<std::uint64_t, 15> count_returns(const PointCloud& cloud);

}  // namespace ptattn::io::las
