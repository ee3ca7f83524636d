#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "ptattn/cloud/types.hpp"
#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// Lists all axes: z first, as most clouds have it, then those of cameras and modelling programs.
inline constexpr std::array kAllAxes{Axis::kZ,      Axis::kY,      Axis::kX,
                                     Axis::kMinusY, Axis::kMinusZ, Axis::kMinusX};

/// Returns "x", "y", "z", "-x", "-y", "-z"
[[nodiscard]] std::string_view name_of(Axis axis);
/// Returns which coordinate it is, 0 to 2.
[[nodiscard]] constexpr std::size_t coordinate_of(Axis axis) {
  return static_cast<std::size_t>(axis) % 3;
}
/// Returns whether the coordinate falls upwards.
[[nodiscard]] constexpr bool points_down(Axis axis) {
  return static_cast<std::size_t>(axis) >= 3;
}

/// Returns `p` turned so that `up` becomes z, by a proper rotation (never a mirror image):
///
///   up z: (x, y, z)      up y: (x, -z, y), a quarter turn about x    up x: (y, z, x)
///   up -z: (x, -y, -z)   up -y: (x, z, -y)                           up -x: (-y, z, -x)
///
/// Exact: coordinates only change places and signs.
[[nodiscard]] Position upright(const Position& p, Axis up);
/// Returns the inverse: `p`, whose z points up, turned so that `up` does.
[[nodiscard]] Position turned_from_upright(const Position& p, Axis up);

/// Turns the rows of `points` [n, 3], whose z points up, counter-clockwise about z by `degrees` and
/// then so that z becomes `up` (the inverse of `upright`). Nothing changes for (0, Axis::kZ).
void turn(MutableMatrixView points, double degrees, Axis up);

}  // namespace ptattn
