#pragma once

#include <cstddef>
#include <string>

#include "ptattn/cloud/image.hpp"
#include "ptattn/view/coloring.hpp"

namespace ptattn::tools {

/// Black on bright backgrounds, white on dark ones.
[[nodiscard]] Rgb text_color(const Rgb& background);

/// What the colours mean: names beside squares of their colours, or a bar with the numbers at its
/// ends; the field's name above.
/// @param height  of the picture it stands in: a legend that does not fit is cut, with "..." last
[[nodiscard]] Image draw_legend(const view::Legend& legend, std::size_t height,
                                const Rgb& background);

/// A line of text, cut to `width` pixels.
[[nodiscard]] Image draw_caption(const std::string& text, std::size_t width, const Rgb& background);

/// "12.5", "1 250 000" is written 1.25e+06: at most four digits.
[[nodiscard]] std::string short_number(double value);

}  // namespace ptattn::tools
