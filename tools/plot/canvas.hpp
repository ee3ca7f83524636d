#pragma once

#include <functional>
#include <string>

#include "ptattn/io/png.hpp"

namespace ptattn::tools {

/// A place in a drawing, in pixels from the upper left corner.
struct Spot {
  double x;
  double y;
};

/// Which end of a text stands at its place.
enum class Anchor { kStart, kMiddle, kEnd };

/// What a drawing is made with, on pixels or in a document.
struct Canvas {
  std::function<void(Spot, Spot, const Rgb&)> line;
  std::function<void(Spot corner, Spot opposite, const Rgb&)> box;  ///< filled
  std::function<void(Spot, const std::string&, Anchor)> text;       ///< below its upper edge
};

using Drawing = std::function<void(const Canvas&)>;

inline constexpr Rgb kInk{40, 40, 40};
inline constexpr Rgb kGrid{220, 220, 220};

/// Draws on white pixels.
[[nodiscard]] Image draw_image(Spot size, const Drawing& drawing);

/// Draws into an SVG document.
[[nodiscard]] std::string draw_svg(Spot size, const Drawing& drawing);

/// A number as short as it can be: "0.2", "1e+06".
[[nodiscard]] std::string number_text(double value);

}  // namespace ptattn::tools
