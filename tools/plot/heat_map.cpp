#include "heat_map.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string_view>

#include "draw.hpp"

namespace ptattn::tools {
namespace {

constexpr Rgb kPaper{255, 255, 255};
constexpr Rgb kInk{40, 40, 40};
constexpr std::size_t kMargin = 12;
constexpr std::size_t kGap = 6;  // between a tick, its label and the axis' name
constexpr std::size_t kTick = 6;
constexpr std::size_t kBarWidth = 20;
constexpr std::size_t kNarrowest = 480;  // pixels of a picture, for the title's sake

std::string number_text(double value) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%g", value);
  return text.data();
}

/// `text` without what does not fit into `width` pixels.
std::string_view cut(std::string_view text, std::size_t width) {
  while (text_length(text) > width) text.remove_suffix(1);
  return text;
}

/// Where a text of this length begins, so that its middle is that of a side of `side` pixels.
std::size_t centered(std::string_view text, std::size_t side) {
  const std::size_t length = text_length(text);
  return length < side ? (side - length) / 2 : 0;
}

std::size_t longest_label(const std::vector<double>& ticks) {
  std::size_t longest = 0;
  for (const double tick : ticks) longest = std::max(longest, text_length(number_text(tick)));
  return longest;
}

/// Where the parts of the picture are, in pixels.
struct Layout {
  std::vector<double> ticks;
  std::vector<double> bar_ticks;
  std::size_t cell;
  std::size_t side;
  std::size_t left;
  std::size_t top;
  std::size_t bar;  // its left edge
  std::size_t width;
  std::size_t height;

  explicit Layout(const HeatMap& map);

  /// The pixel at a share of the matrix' side.
  [[nodiscard]] std::size_t along(double share) const {
    return static_cast<std::size_t>(std::lround(share * static_cast<double>(side)));
  }
};

Layout::Layout(const HeatMap& map)
    : ticks(axis_ticks(map.tokens)),
      bar_ticks(axis_ticks(map.range.high - map.range.low)),
      cell(std::max<std::size_t>(kMostCells / map.cells.rows, 1)),
      side(cell * map.cells.rows),
      left(kMargin + kTextHeight + kGap + longest_label(ticks) + kGap + kTick),
      top(kMargin + map.title.size() * (kTextHeight + kGap) + kMargin),
      bar(left + side + 2 * kMargin) {
  for (double& tick : bar_ticks) tick += map.range.low;
  const std::size_t bar_side = kBarWidth + kTick + kGap + longest_label(bar_ticks) + kGap;
  width = std::max(bar + bar_side + kTextHeight + kMargin, kNarrowest);
  height = top + side + kTick + 2 * (kGap + kTextHeight) + kMargin;
}

void draw_cells(Image& image, const Layout& at, const HeatMap& map) {
  for (std::size_t r = 0; r < map.cells.rows; ++r) {
    const std::vector<Rgb> colors = colors_of({map.cells.row(r), map.cells.cols}, map.range);
    for (std::size_t c = 0; c < colors.size(); ++c) {
      fill(image, at.left + c * at.cell, at.top + r * at.cell, at.cell, at.cell, colors[c]);
    }
  }
}

void draw_axes(Image& image, const Layout& at, const HeatMap& map) {
  const std::size_t bottom = at.top + at.side;
  for (const double tick : at.ticks) {
    const std::string label = number_text(tick);
    const std::size_t offset = std::min(at.along(tick / map.tokens), at.side - 1);
    fill(image, at.left + offset, bottom, 1, kTick, kInk);
    const std::size_t half = text_length(label) / 2;
    write_text(image, at.left + offset - half, bottom + kTick + kGap, label, kInk);
    fill(image, at.left - kTick, at.top + offset, kTick, 1, kInk);
    write_text(image, at.left - kTick - kGap - text_length(label),
               at.top + offset - kTextHeight / 2 + kTextScale, label, kInk);
  }
  const std::string_view columns = cut(map.columns, at.side);
  const std::string_view rows = cut(map.rows, at.side);
  write_text(image, at.left + centered(columns, at.side),
             bottom + kTick + kGap + kTextHeight + kGap, columns, kInk);
  write_text(image, kMargin, bottom - centered(rows, at.side), rows, kInk, Direction::kUp);
}

void draw_bar(Image& image, const Layout& at, const HeatMap& map) {
  for (std::size_t y = 0; y < at.side; ++y) {
    const double share = 1.0 - (static_cast<double>(y) + 0.5) / static_cast<double>(at.side);
    fill(image, at.bar, at.top + y, kBarWidth, 1, color_of(share));
  }
  const double length = map.range.high - map.range.low;
  for (const double tick : at.bar_ticks) {
    const std::size_t up = std::min(at.along((tick - map.range.low) / length), at.side - 1);
    const std::size_t y = at.top + at.side - 1 - up;
    fill(image, at.bar + kBarWidth, y, kTick, 1, kInk);
    write_text(image, at.bar + kBarWidth + kTick + kGap, y - kTextHeight / 2 + kTextScale,
               number_text(tick), kInk);
  }
  const std::size_t labels = kTick + kGap + longest_label(at.bar_ticks) + kGap;
  const std::string_view values = cut(map.values, at.side);
  write_text(image, at.bar + kBarWidth + labels, at.top + at.side - centered(values, at.side),
             values, kInk, Direction::kUp);
}

}  // namespace

std::vector<double> axis_ticks(double last) {
  constexpr double kMostSteps = 6.0;
  if (!(last > 0.0)) return {0.0};
  double step = std::pow(10.0, std::floor(std::log10(last / kMostSteps)));
  for (const double factor : {2.0, 2.5, 2.0}) {  // 1, 2, 5, 10
    if (last / step <= kMostSteps) break;
    step *= factor;
  }
  std::vector<double> ticks;
  for (double i = 0.0; i * step <= last * (1.0 + 1e-9); ++i) ticks.push_back(i * step);
  return ticks;
}

Image draw(const HeatMap& map) {
  const Layout at(map);
  Image image(at.width, at.height, kPaper);
  for (std::size_t i = 0; i < map.title.size(); ++i) {
    write_text(image, kMargin, kMargin + i * (kTextHeight + kGap),
               cut(map.title[i], at.width - 2 * kMargin), kInk);
  }
  draw_cells(image, at, map);
  draw_axes(image, at, map);
  draw_bar(image, at, map);
  return image;
}

}  // namespace ptattn::tools
