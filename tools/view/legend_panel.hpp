#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "lettering.hpp"
#include "ptattn/view/coloring.hpp"

namespace ptattn::tools {

/// Draws what the colours mean: names beside squares of their colours, or a bar with ticks; the
/// field's name above.
///
/// A bar whose ends hold numbers beyond them says so: "≥ 98". Classes that do not fit are counted
/// in the last line.
/// @param unit    of the numbers, behind the field's name; may be empty
/// @param height  of the picture
[[nodiscard]] view::Canvas draw_legend(const view::Legend& legend, const std::string& unit,
                                       std::size_t height, const PanelStyle& style);

/// Draws a line of text, cut in the middle to fit `width` pixels.
[[nodiscard]] view::Canvas draw_caption(const std::string& text, std::size_t width,
                                        const PanelStyle& style);

/// Returns round numbers between two, their step 1, 2 or 5 times a power of ten.
/// @param most  numbers, at least 2
[[nodiscard]] std::vector<double> round_ticks(double low, double high, std::size_t most);

/// Writes a number with as many decimals as numbers that differ by `step` need: "12.5"; in powers
/// of ten where that is shorter: "1.25e+09".
[[nodiscard]] std::string tick_text(double value, double step);

/// "12.5", "1 250 000" is written 1.25e+06: at most four digits.
[[nodiscard]] std::string short_number(double value);

}  // namespace ptattn::tools
