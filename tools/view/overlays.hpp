#pragma once

#include <string>
#include <vector>

#include "lettering.hpp"
#include "ptattn/view/coloring.hpp"
#include "ptattn/view/window.hpp"

namespace ptattn::tools {

/// What lies over the scene.
struct Overlays {
  std::vector<view::Legend> legends{};  ///< one for all panes, or one a pane
  std::vector<std::string> captions{};  ///< one a pane (an empty one is not drawn), or none
  std::string length_unit{};            ///< of coordinates; may be empty
  bool compass = false;
  Rgb background{};
};

/// Returns whether there is something to draw: a range or classes.
[[nodiscard]] bool has_content(const view::Legend& legend);

/// Lays out what explains a picture: captions at the upper left corner of each pane, the legend at
/// the upper right one (of the last pane where one is for all), the scale bar at the lower left and
/// the compass at the lower right one. What would take more than two thirds of a pane's width or of
/// the height is left out.
[[nodiscard]] std::vector<view::Overlay> lay_out(const Overlays& overlays,
                                                 const Lettering& lettering,
                                                 const view::Sight& sight);

}  // namespace ptattn::tools
