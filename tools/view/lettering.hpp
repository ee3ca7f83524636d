#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "ptattn/view/canvas.hpp"
#include "ptattn/view/typeface.hpp"

namespace ptattn::tools {

/// Text of any size: in the system's font or, where there is none, in the dots of
/// `plot/font.hpp`, which know ASCII only.
class Lettering {
 public:
  Lettering() : typeface_(view::Typeface::find()) {}

  /// Returns whether there is a font; text in dots is coarse.
  [[nodiscard]] bool has_font() const { return typeface_ != nullptr; }
  /// Draws a line of text.
  /// @param pixels  of an em, 1 to 500
  [[nodiscard]] view::Mask set(const std::string& text, std::size_t pixels) const;

 private:
  std::unique_ptr<view::Typeface> typeface_;
};

/// How panels look that lie over a picture: letters and strokes in a colour that stands out from
/// the background.
struct PanelStyle {
  const Lettering& lettering;
  Rgb background;
  std::size_t em;  ///< pixels
};

/// Returns the size of letters in a picture: 1/37 of its height, at least 10 pixels.
[[nodiscard]] std::size_t em_of(std::size_t picture_height);
/// Black on bright backgrounds, white on dark ones.
[[nodiscard]] Rgb text_color(const Rgb& background);
/// Makes an empty panel that lets a quarter of what lies below it through.
[[nodiscard]] view::Canvas make_panel(std::size_t width, std::size_t height,
                                      const PanelStyle& style);

}  // namespace ptattn::tools
