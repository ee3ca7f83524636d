#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "lettering.hpp"
#include "ptattn/view/camera.hpp"

namespace ptattn::tools {

/// A round length and how long it is in the picture.
struct ScaleLength {
  double length = 0.0;  ///< 1, 2 or 5 times a power of ten, in the cloud's unit
  std::size_t pixels = 0;
};

/// Returns the longest round length of at most that many pixels; nothing where none is.
/// @param pixels_per_unit  > 0
[[nodiscard]] std::optional<ScaleLength> scale_length(double pixels_per_unit,
                                                      std::size_t most_pixels);

/// Draws a bar of that many pixels with its length above.
/// @param unit  behind the number; may be empty
[[nodiscard]] view::Canvas draw_scale_bar(const ScaleLength& scale, const std::string& unit,
                                          const PanelStyle& style);

/// Draws a compass as it would lie on the ground: a disc, seen from where the camera is, with a
/// needle towards north (+y) and an N. z points up.
/// @return nothing when the camera sees the ground from its edge
[[nodiscard]] std::optional<view::Canvas> draw_compass(const view::Orientation& camera,
                                                       const PanelStyle& style);

}  // namespace ptattn::tools
