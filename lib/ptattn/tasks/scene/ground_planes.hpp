#pragma once

#include <cstddef>
#include <span>

#include "ptattn/tasks/scene/cell_groups.hpp"
#include "ptattn/tasks/scene/column_filters.hpp"

namespace ptattn {

/// Window, in columns, of the opening from whose heights the first weights of ground_planes come.
inline constexpr std::size_t kGroundOpening = 41;

/// Represents the plane through (x, y, z) whose slopes along x and y are a and b.
struct GroundPlane {
  double x = 0.0;
  double y = 0.0;
  double z = 0.0;
  double a = 0.0;
  double b = 0.0;

  [[nodiscard]] double at(double px, double py) const { return z + a * (px - x) + b * (py - y); }
};

/// Fits planes along the ground, by reweighted least squares (Cauchy weights; Holland and Welsch
/// 1977).
///
/// A cell holds 2^level x 2^level columns and has the side S. Its plane is fitted to the lows of
/// the columns in the nine cells around and including it, each at its column's middle: with
/// weighted means and (co)variances C, [C_xx + S^2 / 100, C_xy; C_xy, C_yy + S^2 / 100] (a, b) =
/// (C_xz, C_yz). A column has the same weight in all planes: first 1 / (1 + h^2), h = `above` in
/// metres; then, three times over, 1 / (1 + (r / s)^2), r its height above its own cell's plane and
/// s = 0.3 m, or 1 m below the plane. What stands on the ground counts for little, and so do
/// low outliers. Unlike an opening, a plane follows a slope however sparse the points are.
/// @param columns  in lexicographic order, none twice
/// @param low      [columns] least z, in metres
/// @param above    [columns] height of `low` above its opening by kGroundOpening columns
/// @param voxel    width of a column
/// @return         by column, the plane of the cell that it lies in
/// Time O(columns log columns); parallel; the same bits for any thread count.
[[nodiscard]] CellValues<GroundPlane> ground_planes(std::span<const VoxelColumn> columns,
                                                    std::span<const double> low,
                                                    std::span<const double> above, double voxel,
                                                    std::size_t level);

}  // namespace ptattn
