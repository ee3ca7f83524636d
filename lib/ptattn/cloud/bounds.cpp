#include "ptattn/cloud/bounds.hpp"

#include <array>

#include "ptattn/core/parallel.hpp"

namespace ptattn {

Position PositionBounds::middle() const {
  Position middle{};
  for (std::size_t axis = 0; axis < 3; ++axis) middle[axis] = 0.5 * (low[axis] + high[axis]);
  return middle;
}

Position PositionBounds::extent() const {
  return {high[0] - low[0], high[1] - low[1], high[2] - low[2]};
}

PositionBounds bounds_of(std::span<const Position> positions) {
  if (positions.empty()) return {};
  const auto both = [&](std::size_t i) {
    const auto [x, y, z] = positions[i];
    return std::array{-x, -y, -z, x, y, z};
  };
  const auto b = largest_of(positions.size(), both(0), both);
  return {{0.0 - b[0], 0.0 - b[1], 0.0 - b[2]},
          {b[3], b[4], b[5]}};  // no zero of `low` is negative
}

}  // namespace ptattn
