#pragma once

#include <array>
#include <cstdint>

#include "ptattn/train/draws.hpp"
#include "ptattn/train/labelled_cloud.hpp"

namespace ptattn::train {

/// Holds what is changed at random in crops of scenes.
enum class SceneAugmentation : std::uint8_t {
  kNone,
  kScene,   ///< turn, mirror, stretch, jitter, thinning, holes, lost fields
  kAerial,  ///< also relief, stray points and steep sparse surveys: heights above ground matter
};

/// Represents a square of a scene, in plan.
struct Square {
  std::array<double, 2> center;
  double side;
};

/// Cuts a square out of a scene, turned by a random angle about the vertical and mirrored in half
/// the cases, in coordinates about its center; normals turn with it.
/// @param turn  false: the square stays along the axes
/// Time O(points of the scene).
[[nodiscard]] LabelledCloud cut_square(const LabelledCloud& cloud, const Square& square,
                                       Draws& draws, bool turn);

/// Keeps about `share` of the points: at random, along scan lines, of first or last returns only,
/// or one per cell, so that some `density` points per square unit are left.
[[nodiscard]] LabelledCloud thin(const LabelledCloud& cloud, double share, double density,
                                 Draws& draws);

/// Removes one to four discs in plan, as shadows and water do; keeps at least 64 points.
[[nodiscard]] LabelledCloud punch_holes(const LabelledCloud& cloud, Draws& draws);

/// Adds a few stray points far below or above others.
/// @param label  what is known about them, such as "not ground"
void add_stray_points(LabelledCloud& cloud, Draws& draws, Label label, double scale);

/// Scales by 0.85 to 1.2, the vertical by as much once more.
void stretch(LabelledCloud& cloud, Draws& draws);

/// Adds normal noise of one width in plan and another one in height, both drawn log-uniformly from
/// [least, most].
void jitter(LabelledCloud& cloud, Draws& draws, double least, double most);

/// Drops or disturbs intensities, drops returns, colors and normals, each at times.
/// @param bare  the share of clouds that lose intensities and returns together
void lose_fields(LabelledCloud& cloud, Draws& draws, double bare);

/// Holds what changes between surveys apart from the density.
struct SurveyChange {
  SceneAugmentation kind;
  double voxel;  ///< lengths scale with it: 0.5 units are the metres that surveys are flown for
  bool sparse;   ///< mostly steep and without fields: what is hard about such surveys
  Label stray;   ///< label of stray points
};
[[nodiscard]] LabelledCloud change_survey(LabelledCloud cloud, const SurveyChange& change,
                                          Draws& draws);

}  // namespace ptattn::train
