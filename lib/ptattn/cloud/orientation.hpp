#pragma once

#include <string_view>

#include "ptattn/cloud/types.hpp"
#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// "x", "y", "z"
[[nodiscard]] std::string_view name_of(Axis axis);

/// `p` turned so that `up` becomes z, by a proper rotation (never a mirror image):
///
///   up z: (x, y, z)    up y: (x, -z, y), a quarter turn about x    up x: (y, z, x)
///
/// Exact: coordinates only change places and signs.
[[nodiscard]] Position upright(const Position& p, Axis up);

/// A position or direction turned counter-clockwise about z.
[[nodiscard]] Position turned_about_z(const Position& p, double degrees);

/// Turns the rows of `points` [n, 3], whose z points up, counter-clockwise about z by `degrees` and
/// then so that z becomes `up` (the inverse of `upright`). Nothing changes for (0, Axis::kZ).
void turn(MutableMatrixView points, double degrees, Axis up);

}  // namespace ptattn
