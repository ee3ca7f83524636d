#pragma once

#include <span>

#include "ptattn/cloud/types.hpp"

namespace ptattn {

/// Holds the least and the largest coordinates of some positions.
struct PositionBounds {
  Position low{};
  Position high{};

  [[nodiscard]] Position middle() const;
  /// Returns the sides of the box.
  [[nodiscard]] Position extent() const;
};

/// Computes the bounding box; zeros for no positions.
/// @param positions  finite
/// Time O(n); parallel; the same bits for any thread count.
[[nodiscard]] PositionBounds bounds_of(std::span<const Position> positions);

}  // namespace ptattn
