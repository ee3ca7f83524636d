#pragma once

#include <cstddef>
#include <string_view>

#include "ptattn/io/png.hpp"

namespace ptattn::tools {

/// Pixels of a glyph's dot.
inline constexpr std::size_t kTextScale = 2;
inline constexpr std::size_t kTextHeight = 18;

enum class Direction { kRight, kUp };

/// Fills the pixels [x, x + width) x [y, y + height); what lies outside is left out.
void fill(Image& image, std::size_t x, std::size_t y, std::size_t width, std::size_t height,
          const Rgb& color);

/// Pixels from the first to the last column of a text.
[[nodiscard]] std::size_t text_length(std::string_view text);

/// Writes `text` from (x, y) on: the upper left corner for kRight, the lower left one for kUp
/// (letters lie on their left side). What lies outside is left out.
void write_text(Image& image, std::size_t x, std::size_t y, std::string_view text, const Rgb& color,
                Direction direction = Direction::kRight);

}  // namespace ptattn::tools
