#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ptattn/tasks/segment/tiling.hpp"

namespace ptattn {

/// Counts items (voxels, points) in rectangles of the plane, which is divided into square units.
/// @tparam Count  an unsigned type that holds the number of all items
template <class Count>
class PlaneCensus {
 public:
  /// @param units  the rectangle of units that there are
  explicit PlaneCensus(const TileBox& units)
      : low_(units.low),
        rows_(units.high[0] - units.low[0]),
        cols_(units.high[1] - units.low[1]),
        sums_((rows_ + 1) * (cols_ + 1)) {}

  /// Adds items to a unit; before sum_up() alone.
  void add(std::uint32_t i, std::uint32_t j, Count items = 1) {
    at(i - low_[0] + 1, j - low_[1] + 1) += items;
  }
  /// Makes it ready to count.
  void sum_up() {
    for (std::size_t i = 1; i <= rows_; ++i) {
      Count row = 0;
      for (std::size_t j = 1; j <= cols_; ++j) {
        row += at(i, j);
        at(i, j) = row + at(i - 1, j);
      }
    }
  }

  /// Returns the rectangle of all units.
  [[nodiscard]] TileBox all() const {
    return {
        low_,
        {low_[0] + static_cast<std::uint32_t>(rows_), low_[1] + static_cast<std::uint32_t>(cols_)}};
  }
  /// Returns the items in units [low, high), clipped to the plane.
  [[nodiscard]] Count count(const TileBox& units) const {
    const auto [top, left] = clipped(units.low);
    const auto [bottom, right] = clipped(units.high);
    return at(bottom, right) + at(top, left) - at(top, right) - at(bottom, left);
  }

 private:
  struct Corner {
    std::size_t i;
    std::size_t j;
  };

  [[nodiscard]] Corner clipped(const std::array<std::uint32_t, 2>& corner) const {
    const auto clip = [](std::uint32_t x, std::uint32_t low, std::size_t most) {
      return std::min<std::size_t>(x < low ? 0 : x - low, most);
    };
    return {clip(corner[0], low_[0], rows_), clip(corner[1], low_[1], cols_)};
  }
  [[nodiscard]] Count& at(std::size_t i, std::size_t j) { return sums_[i * (cols_ + 1) + j]; }
  [[nodiscard]] const Count& at(std::size_t i, std::size_t j) const {
    return sums_[i * (cols_ + 1) + j];
  }

  std::array<std::uint32_t, 2> low_;
  std::size_t rows_;
  std::size_t cols_;
  std::vector<Count> sums_;  ///< [i, j]: items in units below i and below j, from `low_` on
};

/// Returns the box and `margin` units around it; not below 0.
[[nodiscard]] inline TileBox widened(const TileBox& box, std::uint32_t margin) {
  TileBox result = box;
  for (std::size_t axis = 0; axis < 2; ++axis) {
    result.low[axis] -= std::min(box.low[axis], margin);
    result.high[axis] += margin;
  }
  return result;
}

/// Finds the cut along `axis` that parts the items of a box most evenly.
template <class Count>
[[nodiscard]] std::uint32_t best_cut(const PlaneCensus<Count>& census, const TileBox& box,
                                     std::size_t axis) {
  const Count total = census.count(box);
  std::uint32_t best = box.low[axis] + 1;
  Count least = total;
  for (std::uint32_t cut = box.low[axis] + 1; cut < box.high[axis]; ++cut) {
    TileBox first = box;
    first.high[axis] = cut;
    const Count before = census.count(first);
    const Count larger = std::max(before, total - before);
    if (larger < least) {
      least = larger;
      best = cut;
    }
  }
  return best;
}

/// Cuts a box along its longer side, again and again, until it fits, or is one unit; appends what
/// holds any items to `boxes`.
/// @param fits  (TileBox) -> bool
template <class Count, class Fits>
void cut_box(const PlaneCensus<Count>& census, const TileBox& box, const Fits& fits,
             std::vector<TileBox>& boxes) {
  if (census.count(box) == 0) return;
  const std::uint32_t height = box.high[0] - box.low[0];
  const std::uint32_t width = box.high[1] - box.low[1];
  if (fits(box) || std::max(height, width) == 1) {
    boxes.push_back(box);
    return;
  }
  const std::size_t axis = height >= width ? 0 : 1;
  TileBox first = box;
  TileBox second = box;
  first.high[axis] = second.low[axis] = best_cut(census, box, axis);
  cut_box(census, first, fits, boxes);
  cut_box(census, second, fits, boxes);
}

}  // namespace ptattn
