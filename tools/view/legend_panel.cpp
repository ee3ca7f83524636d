#include "legend_panel.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "../text.hpp"

namespace ptattn::tools {
namespace {

constexpr std::size_t kBarEms = 8;        // height of the bar
constexpr std::size_t kMostTicks = 6;     // of a bar, its ends not counted
constexpr double kSmallestShown = 1e-12;  // of a step: what counts as zero

/// Measures that follow from the size of the letters.
struct Measures {
  explicit Measures(const PanelStyle& style)
      : padding(style.em * 6 / 10), swatch(style.em * 8 / 10), gap(style.em / 2) {}

  std::size_t padding, swatch, gap;
};

std::ptrdiff_t pixel(std::size_t n) {
  return static_cast<std::ptrdiff_t>(n);
}

std::vector<view::Mask> set_all(const std::vector<std::string>& texts, const PanelStyle& style) {
  std::vector<view::Mask> masks;
  for (const std::string& text : texts) masks.push_back(style.lettering.set(text, style.em));
  return masks;
}

std::size_t widest(const std::vector<view::Mask>& masks) {
  std::size_t width = 0;
  for (const view::Mask& mask : masks) width = std::max(width, mask.width);
  return width;
}

std::string title_of(const view::Legend& legend, const std::string& unit) {
  return unit.empty() ? legend.source.name : legend.source.name + " (" + unit + ")";
}

view::Canvas draw_classes(const view::Legend& legend, std::size_t height, const PanelStyle& style) {
  const Measures m(style);
  const view::Mask title = style.lettering.set(legend.source.name, style.em);
  const std::size_t line = title.height + style.em / 6;
  const std::size_t room = height > 2 * m.padding + line ? (height - 2 * m.padding) / line - 1 : 0;
  std::vector<std::string> names;
  for (const view::LegendClass& entry : legend.classes) names.push_back(entry.style.name);
  const std::size_t classes =
      names.size() <= room ? names.size() : room - std::min(room, std::size_t{1});
  if (classes < names.size()) {
    names.resize(classes + 1);
    names.back() = "… " + std::to_string(legend.classes.size() - classes) + " more";
  }
  const std::vector<view::Mask> texts = set_all(names, style);
  const std::size_t text = m.padding + m.swatch + m.gap;
  view::Canvas panel =
      make_panel(std::max(text + widest(texts), m.padding + title.width) + m.padding,
                 2 * m.padding + line * (texts.size() + 1) - style.em / 6, style);
  const Rgb ink = text_color(style.background);
  panel.fill(pixel(m.padding), pixel(m.padding), title, ink);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::size_t y = m.padding + line * (i + 1);
    panel.fill(pixel(text), pixel(y), texts[i], ink);
    if (i >= classes) continue;
    panel.fill({pixel(m.padding), pixel(y + (title.height - m.swatch) / 2), pixel(m.swatch),
                pixel(m.swatch)},
               legend.classes[i].style.color);
  }
  return panel;
}

/// A number beside the bar.
struct Tick {
  std::string text;
  std::size_t y;  // from the bar's top
};

/// The ends of the bar and the round numbers between them that leave room for all texts.
std::vector<Tick> ticks_of(const view::Legend& legend, std::size_t bar, std::size_t line) {
  const auto [low, high] = *legend.range;
  const std::vector<double> round = round_ticks(low, high, kMostTicks);
  const double step = round.size() > 1 ? round[1] - round[0] : high - low;
  // An end that is no round number itself has a decimal more than those, near zero two.
  const auto end_text = [&](double v) {
    const double steps = std::abs(v / step);
    const bool is_round = std::abs(steps - std::round(steps)) < 1e-6;
    return tick_text(v, is_round ? step : steps > 0.1 ? step / 10.0 : step / 100.0);
  };
  std::vector<Tick> ticks{{(legend.above ? "≥ " : "") + end_text(high), 0},
                          {(legend.below ? "≤ " : "") + end_text(low), bar - 1}};
  for (const double value : round) {
    const double part = (high - value) / (high - low);
    const auto y = static_cast<std::size_t>(std::lround(part * static_cast<double>(bar - 1)));
    if (y >= line && y + line < bar) ticks.push_back({tick_text(value, step), y});
  }
  return ticks;
}

view::Canvas draw_scale(const view::Legend& legend, const std::string& unit, std::size_t height,
                        const PanelStyle& style) {
  const Measures m(style);
  const view::Mask title = style.lettering.set(title_of(legend, unit), style.em);
  const std::size_t line = title.height;
  const std::size_t above = m.padding + line + m.gap + line / 2;  // of the bar
  const std::size_t around = above + line / 2 + m.padding;
  const std::size_t bar =
      std::max(std::min(kBarEms * style.em, height - std::min(height, around)), std::size_t{2});
  const std::vector<Tick> ticks = ticks_of(legend, bar, line);
  std::vector<std::string> texts;
  for (const Tick& tick : ticks) texts.push_back(tick.text);
  const std::vector<view::Mask> masks = set_all(texts, style);
  const std::size_t stroke = std::max(style.em / 12, std::size_t{1});
  const std::size_t text = m.padding + m.swatch + 2 * m.gap;
  view::Canvas panel = make_panel(
      std::max(text + widest(masks), m.padding + title.width) + m.padding, around + bar, style);
  const Rgb ink = text_color(style.background);
  panel.fill(pixel(m.padding), pixel(m.padding), title, ink);
  for (std::size_t row = 0; row < bar; ++row) {
    const double t = 1.0 - static_cast<double>(row) / static_cast<double>(bar - 1);
    panel.fill({pixel(m.padding), pixel(above + row), pixel(m.swatch), 1}, color_of(t));
  }
  for (std::size_t i = 0; i < ticks.size(); ++i) {
    const std::size_t y = above + ticks[i].y;
    panel.fill({pixel(m.padding + m.swatch), pixel(y - std::min(stroke / 2, y)), pixel(m.gap),
                pixel(stroke)},
               ink);
    panel.fill(pixel(text), pixel(y) - pixel(line) / 2, masks[i], ink);
  }
  return panel;
}

/// The first and the last characters of UTF-8 text, `kept` in all.
std::string cut_in_the_middle(const std::string& text, std::size_t kept) {
  std::vector<std::string> characters;
  for (const char c : text) {
    const bool goes_on = (static_cast<unsigned char>(c) & 0xc0) == 0x80;
    if (!goes_on || characters.empty()) characters.emplace_back();
    characters.back() += c;
  }
  std::string cut;
  for (std::size_t i = 0; i < kept / 2; ++i) cut += characters[i];
  cut += "…";
  for (std::size_t i = characters.size() - (kept - kept / 2); i < characters.size(); ++i) {
    cut += characters[i];
  }
  return cut;
}

}  // namespace

view::Canvas draw_legend(const view::Legend& legend, const std::string& unit, std::size_t height,
                         const PanelStyle& style) {
  if (legend.range) return draw_scale(legend, unit, height, style);
  return draw_classes(legend, height, style);
}

view::Canvas draw_caption(const std::string& text, std::size_t width, const PanelStyle& style) {
  const std::size_t padding = style.em / 2;
  view::Mask mask = style.lettering.set(text, style.em);
  for (std::size_t kept = text_width(text); kept > 1 && mask.width + 2 * padding > width; --kept) {
    mask = style.lettering.set(cut_in_the_middle(text, kept - 1), style.em);
  }
  view::Canvas panel =
      make_panel(std::min(mask.width + 2 * padding, width), mask.height + padding, style);
  panel.fill(pixel(padding), pixel(padding) / 2, mask, text_color(style.background));
  return panel;
}

std::vector<double> round_ticks(double low, double high, std::size_t most) {
  const double rough = (high - low) / static_cast<double>(most);
  if (!(rough > 0.0) || !std::isfinite(rough)) return {};
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = 10.0 * power;
  for (const double factor : {5.0, 2.0, 1.0}) {
    if (factor * power >= rough) step = factor * power;
  }
  std::vector<double> ticks;
  for (double n = std::ceil(low / step); n * step <= high && ticks.size() <= most; n += 1.0) {
    ticks.push_back(std::abs(n) < kSmallestShown ? 0.0 : n * step);
  }
  return ticks;
}

std::string tick_text(double value, double step) {
  constexpr double kLongest = 1e7;
  constexpr int kMostDecimals = 6;
  const double digits = step > 0.0 ? -std::floor(std::log10(step) + 1e-9) : 0.0;
  if (!(std::abs(value) < kLongest) || digits > kMostDecimals) return short_number(value);
  return fixed_text(value, std::max(static_cast<int>(digits), 0));
}

std::string short_number(double value) {
  std::array<char, 40> text;
  std::snprintf(text.data(), text.size(), "%.4g", value);
  return text.data();
}

}  // namespace ptattn::tools
