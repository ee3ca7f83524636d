#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "ptattn/core/matrix.hpp"
#include "ptattn/neighbors/point_pack.hpp"

namespace ptattn {

struct IndexedPoint {
  std::array<float, 3> position;
  std::uint32_t index;
};

/// Represents a bounding box and the lowest index in it; empty until something is included.
struct IndexedBox {
  static constexpr float kInfinity = std::numeric_limits<float>::infinity();
  std::array<float, 3> low{kInfinity, kInfinity, kInfinity};
  std::array<float, 3> high{-kInfinity, -kInfinity, -kInfinity};
  std::uint32_t lowest_index = kNoIndex;

  void include(const IndexedBox& other) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      low[axis] = low[axis] < other.low[axis] ? low[axis] : other.low[axis];
      high[axis] = high[axis] > other.high[axis] ? high[axis] : other.high[axis];
    }
    lowest_index = lowest_index < other.lowest_index ? lowest_index : other.lowest_index;
  }
  void include(const IndexedPoint& point) {
    include({point.position, point.position, point.index});
  }
};

/// Writes the rows of `points` in the order that pack_in_kd_order describes.
/// @param items  [points.rows], written
void in_kd_order(MatrixView points, std::size_t block, std::span<IndexedPoint> items);

}  // namespace ptattn
