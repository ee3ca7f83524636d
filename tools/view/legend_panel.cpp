#include "legend_panel.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

#include "../plot/draw.hpp"

namespace ptattn::tools {
namespace {

constexpr std::size_t kPadding = 14;
constexpr std::size_t kLine = 26;    // pixels from line to line
constexpr std::size_t kSwatch = 16;  // side of a colour's square
constexpr std::size_t kBarHeight = 160;
constexpr std::size_t kTextLift = 1;  // centres capitals on their square

std::size_t widest(const std::vector<std::string>& texts) {
  std::size_t width = 0;
  for (const std::string& text : texts) width = std::max(width, text_length(text));
  return width;
}

Image draw_classes(const view::Legend& legend, std::size_t height, const Rgb& background) {
  const std::size_t room = height > 2 * kPadding ? (height - 2 * kPadding) / kLine : 0;
  std::vector<std::string> names;
  for (const view::LegendClass& entry : legend.classes) names.push_back(entry.style.name);
  const bool cut = names.size() + 1 > room;
  if (cut) names.resize(room > 2 ? room - 2 : 0);
  std::vector<std::string> texts = names;
  texts.push_back(legend.source.name);
  Image panel(2 * kPadding + kSwatch + kPadding / 2 + widest(texts),
              2 * kPadding + kLine * (names.size() + (cut ? 2 : 1)), background);
  const Rgb ink = text_color(background);
  write_text(panel, kPadding, kPadding, legend.source.name, ink);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::size_t y = kPadding + kLine * (i + 1);
    fill(panel, kPadding, y, kSwatch, kSwatch, legend.classes[i].style.color);
    write_text(panel, kPadding + kSwatch + kPadding / 2, y + kTextLift, names[i], ink);
  }
  if (cut) write_text(panel, kPadding, kPadding + kLine * (names.size() + 1), "...", ink);
  return panel;
}

Image draw_scale(const view::Legend& legend, const Rgb& background) {
  const std::string low = short_number(legend.range->low);
  const std::string high = short_number(legend.range->high);
  const std::size_t text = kPadding + kSwatch + kPadding / 2;
  const std::size_t title = kPadding + text_length(legend.source.name);
  const std::size_t bar = kPadding + kLine;
  Image panel(std::max(text + widest({low, high}), title) + kPadding, bar + kBarHeight + kPadding,
              background);
  const Rgb ink = text_color(background);
  write_text(panel, kPadding, kPadding, legend.source.name, ink);
  for (std::size_t row = 0; row < kBarHeight; ++row) {
    const double t = 1.0 - static_cast<double>(row) / (kBarHeight - 1);
    fill(panel, kPadding, bar + row, kSwatch, 1, color_of(t));
  }
  write_text(panel, text, bar, high, ink);
  write_text(panel, text, bar + kBarHeight - kTextHeight + 4, low, ink);
  return panel;
}

}  // namespace

Rgb text_color(const Rgb& background) {
  const double brightness = 0.299 * background[0] + 0.587 * background[1] + 0.114 * background[2];
  return brightness > 127.0 ? Rgb{30, 30, 30} : Rgb{235, 235, 235};
}

Image draw_legend(const view::Legend& legend, std::size_t height, const Rgb& background) {
  if (legend.range) return draw_scale(legend, background);
  return draw_classes(legend, height, background);
}

Image draw_caption(const std::string& text, std::size_t width, const Rgb& background) {
  std::string shown = text;
  while (shown.size() > 1 && text_length(shown) + kPadding > width) shown.pop_back();
  Image line(std::min(text_length(shown) + kPadding, width), kLine, background);
  write_text(line, kPadding / 2, (kLine - kTextHeight) / 2 + 2, shown, text_color(background));
  return line;
}

std::string short_number(double value) {
  std::array<char, 40> text;
  std::snprintf(text.data(), text.size(), "%.4g", value);
  return text.data();
}

}  // namespace ptattn::tools
