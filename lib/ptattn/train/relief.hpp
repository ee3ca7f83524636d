#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "ptattn/train/draws.hpp"
#include "ptattn/train/labelled_cloud.hpp"

namespace ptattn::train {

/// Says how much relief a cloud gets; lengths in units of the cloud.
struct Relief {
  double slope = 0.0;       ///< tangent of a tilted plane
  std::size_t steps = 0;    ///< cliffs and terrace edges along wavy lines
  std::size_t mounds = 0;   ///< mounds, ridges and pits with flat tops
  double height = 5.0;      ///< of a step, the most of a mound
  double wave_slope = 0.0;  ///< steepness of up to three waves; 0: none
};

/// Draws a relief: slopes up to 43 degrees, in two fifths of the cases one to four steps of 1.5 to
/// 20 m, in a quarter mounds.
/// @param sparse  steeper more often
/// @param scale   units per metre of what is built on such ground
[[nodiscard]] Relief draw_relief(Draws& draws, bool sparse, double scale);

/// Adds relief to the heights of all that stands there.
/// @param level  a numbered object moves as one, by the largest smooth relief under it where that
///               varies by less than 8 m, and is never cut by a step: it stands on the upper side
/// Time O(n (steps + mounds)).
void bend(LabelledCloud& cloud, Draws& draws, const Relief& relief, bool level, double scale);

}  // namespace ptattn::train
