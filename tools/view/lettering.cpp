#include "lettering.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "../plot/font.hpp"

namespace ptattn::tools {
namespace {

constexpr double kOpacity = 0.75;
constexpr std::size_t kLinesOfPicture = 37;
constexpr std::size_t kSmallestEm = 10;
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kPlainText{
    {{"≤", "<="}, {"≥", ">="}, {"…", "..."}, {"−", "-"}, {"→", "->"}}};

/// What ASCII has for the characters that panels use.
std::string plain_text(std::string text) {
  for (const auto& [from, to] : kPlainText) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from)) {
      text.replace(at, from.size(), to);
    }
  }
  return text;
}

view::Mask set_in_dots(const std::string& text, std::size_t pixels) {
  const std::size_t dot = std::max(pixels / (kGlyphRows + 1), std::size_t{1});
  view::Mask mask{
      .width = text.size() * kGlyphAdvance * dot, .height = (kGlyphRows + 2) * dot, .cover = {}};
  mask.cover.resize(mask.width * mask.height);
  for (std::size_t y = dot; y < (kGlyphRows + 1) * dot; ++y) {
    for (std::size_t x = 0; x < mask.width; ++x) {
      const auto glyph = glyph_of(text[x / (kGlyphAdvance * dot)]);
      const std::size_t column = x / dot % kGlyphAdvance;
      const bool inked =
          column < kGlyphColumns && (glyph[y / dot - 1] >> (kGlyphColumns - 1 - column) & 1U) != 0;
      if (inked) mask.cover[y * mask.width + x] = 255;
    }
  }
  return mask;
}

}  // namespace

view::Mask Lettering::set(const std::string& text, std::size_t pixels) const {
  return typeface_ ? typeface_->set(text, pixels) : set_in_dots(plain_text(text), pixels);
}

std::size_t em_of(std::size_t picture_height) {
  return std::max(picture_height / kLinesOfPicture, kSmallestEm);
}

Rgb text_color(const Rgb& background) {
  const double brightness = 0.299 * background[0] + 0.587 * background[1] + 0.114 * background[2];
  return brightness > 127.0 ? Rgb{30, 30, 30} : Rgb{235, 235, 235};
}

view::Canvas make_panel(std::size_t width, std::size_t height, const PanelStyle& style) {
  view::Canvas panel(width, height);
  panel.fill({0, 0, static_cast<std::ptrdiff_t>(width), static_cast<std::ptrdiff_t>(height)},
             style.background, kOpacity);
  return panel;
}

}  // namespace ptattn::tools
