#pragma once

#include "ptattn/train/draws.hpp"
#include "ptattn/train/labelled_cloud.hpp"

namespace ptattn::train {

/// Says how much single objects are changed; shares are of the clouds.
struct ObjectChange {
  double any_heading = 0.4;  ///< share turned about the vertical by any angle
  double any_side_up = 0.0;  ///< share turned in any way
  double tilt = 0.1;         ///< most radians by which the others are tilted about a random axis
  bool mirror = true;        ///< half of the clouds, left and right exchanged
  double stretch = 1.5;      ///< most that an axis is scaled by, or divided by
  double bend = 0.04;        ///< most by which space is bent, in radii
  double noise = 0.015;      ///< largest width of normal noise, in radii
  double thinned = 0.5;      ///< share that loses points
  double one_sided = 0.15;   ///< share that is seen from one side only
  double clutter = 0.15;     ///< share with points that do not belong to it
};

/// Centers a cloud and brings its farthest point to radius 1.
void to_unit_sphere(LabelledCloud& cloud);

/// Returns the points of a cloud in the unit sphere that a scanner in the direction of `view` sees:
/// on a grid across the direction, what lies less than 0.2 behind the nearest point of its cell.
[[nodiscard]] LabelledCloud seen_from(const LabelledCloud& cloud, const Position& view);

/// Adds up to a seventh of as many points: a floor under the object, or loose points around it.
/// @param label  of these points
void add_clutter(LabelledCloud& cloud, Draws& draws, Label label);

/// Returns the everything that differs between objects of a class and scans of them. The result is
/// in the unit sphere.
/// @param clutter  label of points that do not belong to the object
[[nodiscard]] LabelledCloud change_object(LabelledCloud cloud, const ObjectChange& change,
                                          Label clutter, Draws& draws);

}  // namespace ptattn::train
