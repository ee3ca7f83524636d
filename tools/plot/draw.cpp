#include "draw.hpp"

#include <algorithm>

#include "font.hpp"

namespace ptattn::tools {

static_assert(kTextHeight == kGlyphRows * kTextScale);

void fill(Image& image, std::size_t x, std::size_t y, std::size_t width, std::size_t height,
          const Rgb& color) {
  const std::size_t right = std::min(x + width, image.width);
  const std::size_t bottom = std::min(y + height, image.height);
  for (std::size_t row = y; row < bottom; ++row) {
    for (std::size_t column = x; column < right; ++column) image.at(column, row) = color;
  }
}

std::size_t text_length(std::string_view text) {
  return text.empty() ? 0 : (text.size() * kGlyphAdvance - 1) * kTextScale;
}

void write_text(Image& image, std::size_t x, std::size_t y, std::string_view text, const Rgb& color,
                Direction direction) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto glyph = glyph_of(text[i]);
    for (std::size_t row = 0; row < kGlyphRows; ++row) {
      for (std::size_t column = 0; column < kGlyphColumns; ++column) {
        if ((glyph[row] >> (kGlyphColumns - 1 - column) & 1U) == 0) continue;
        const std::size_t along = (i * kGlyphAdvance + column) * kTextScale;
        const std::size_t across = row * kTextScale;
        if (direction == Direction::kRight) {
          fill(image, x + along, y + across, kTextScale, kTextScale, color);
        } else if (along + kTextScale <= y) {
          fill(image, x + across, y - along - kTextScale, kTextScale, kTextScale, color);
        }
      }
    }
  }
}

}  // namespace ptattn::tools
