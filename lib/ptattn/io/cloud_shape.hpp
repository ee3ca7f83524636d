#pragma once

#include <cstdint>

#include "ptattn/cloud/point_cloud.hpp"

namespace ptattn {

/// Says how the points of a cloud are organised, whether or not they are at hand.
struct CloudShape {
  std::uint64_t width = 0;
  std::uint64_t height = 1;

  [[nodiscard]] std::uint64_t size() const { return width * height; }
};

/// Returns the organisation of a cloud that is at hand.
[[nodiscard]] inline CloudShape shape_of(const PointCloud& cloud) {
  return {cloud.width(), cloud.height()};
}

}  // namespace ptattn
