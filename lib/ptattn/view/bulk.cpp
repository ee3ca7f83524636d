#include "ptattn/view/bulk.hpp"

#include <algorithm>
#include <limits>
#include <vector>

namespace ptattn::view {
namespace {

constexpr std::size_t kFewest = 20;  // points of which some can be strays
constexpr std::size_t kShare = 100;  // one in so many points is left out of the middle at each end
constexpr double kReach = 1.5;       // times the middle's longest side

/// From the 1st to the 99th percentile along each axis.
PositionBounds middle_of(std::span<const Position> positions) {
  const std::size_t left_out = std::max(positions.size() / kShare, std::size_t{1});
  PositionBounds middle;
  std::vector<double> values(positions.size());
  for (std::size_t axis = 0; axis < 3; ++axis) {
    std::ranges::transform(positions, values.begin(), [&](const Position& p) { return p[axis]; });
    const auto low = values.begin() + static_cast<std::ptrdiff_t>(left_out);
    const auto high = values.end() - 1 - static_cast<std::ptrdiff_t>(left_out);
    std::ranges::nth_element(values, low);
    middle.low[axis] = *low;
    std::ranges::nth_element(low, high, values.end());
    middle.high[axis] = *high;
  }
  return middle;
}

}  // namespace

Bulk bulk_of(std::span<const Position> positions) {
  if (positions.size() < kFewest) return {.box = bounds_of(positions)};
  const PositionBounds middle = middle_of(positions);
  const double reach = kReach * std::ranges::max(middle.extent());
  if (!(reach > 0.0)) return {.box = bounds_of(positions)};
  constexpr double kFar = std::numeric_limits<double>::infinity();
  Bulk bulk{.box = {.low = {kFar, kFar, kFar}, .high = {-kFar, -kFar, -kFar}}};
  for (const Position& p : positions) {
    bool near = true;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      near = near && p[axis] >= middle.low[axis] - reach && p[axis] <= middle.high[axis] + reach;
    }
    bulk.stray += near ? 0 : 1;
    for (std::size_t axis = 0; near && axis < 3; ++axis) {
      bulk.box.low[axis] = std::min(bulk.box.low[axis], p[axis]);
      bulk.box.high[axis] = std::max(bulk.box.high[axis], p[axis]);
    }
  }
  return bulk;
}

}  // namespace ptattn::view
