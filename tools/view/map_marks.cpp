#include "map_marks.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "legend_panel.hpp"

namespace ptattn::tools {
namespace {

constexpr double kLeastTilt = 0.15;      // sine of the least angle between ground and line of sight
constexpr double kNeedleWidth = 0.3;     // of the disc's radius, at its middle
constexpr double kRimWidth = 0.08;       // of the disc's radius
constexpr double kLetterDistance = 0.7;  // of the N from the needle's tip, in ems

std::ptrdiff_t pixel(double x) {
  return std::lround(x);
}

}  // namespace

std::optional<ScaleLength> scale_length(double pixels_per_unit, std::size_t most_pixels) {
  const double most = static_cast<double>(most_pixels) / pixels_per_unit;
  if (!(most > 0.0) || !std::isfinite(most)) return std::nullopt;
  const double power = std::pow(10.0, std::floor(std::log10(most)));
  double length = power;
  for (const double factor : {2.0, 5.0}) {
    if (factor * power <= most) length = factor * power;
  }
  const auto pixels = static_cast<std::size_t>(std::lround(length * pixels_per_unit));
  if (pixels == 0) return std::nullopt;
  return ScaleLength{length, pixels};
}

view::Canvas draw_scale_bar(const ScaleLength& scale, const std::string& unit,
                            const PanelStyle& style) {
  const std::string text = tick_text(scale.length, scale.length) + (unit.empty() ? "" : " " + unit);
  const view::Mask mask = style.lettering.set(text, style.em);
  const auto padding = static_cast<std::ptrdiff_t>(style.em / 2);
  const auto stroke = static_cast<std::ptrdiff_t>(std::max(style.em / 6, std::size_t{2}));
  const auto length = static_cast<std::ptrdiff_t>(scale.pixels);
  const auto text_height = static_cast<std::ptrdiff_t>(mask.height);
  const std::size_t width = std::max(mask.width, scale.pixels) + style.em / 2 * 2;
  view::Canvas panel =
      make_panel(width, static_cast<std::size_t>(text_height + padding + 2 * stroke), style);
  const Rgb ink = text_color(style.background);
  const std::ptrdiff_t middle = static_cast<std::ptrdiff_t>(width) / 2;
  panel.fill(middle - static_cast<std::ptrdiff_t>(mask.width) / 2, padding / 2, mask, ink);
  const std::ptrdiff_t left = middle - length / 2;
  const std::ptrdiff_t top = padding / 2 + text_height;
  panel.fill({left, top, length, stroke}, ink);
  for (const std::ptrdiff_t end : {left, left + length - std::min(stroke / 2, length)}) {
    panel.fill({end, top - stroke, std::min(stroke / 2, length), stroke}, ink);
  }
  return panel;
}

std::optional<view::Canvas> draw_compass(const view::Orientation& camera, const PanelStyle& style) {
  // Where one step east and one step north lead in the picture (down is positive).
  const std::array<double, 2> east{camera.right[0], -camera.up[0]};
  const std::array<double, 2> north{camera.right[1], -camera.up[1]};
  const double area = east[0] * north[1] - east[1] * north[0];
  if (std::abs(area) < kLeastTilt) return std::nullopt;
  const double radius = 1.5 * static_cast<double>(style.em);
  const view::Mask letter = style.lettering.set("N", style.em);
  const auto side = static_cast<std::ptrdiff_t>(std::ceil(5.6 * static_cast<double>(style.em)));
  const double middle = static_cast<double>(side) / 2.0;
  view::Canvas panel =
      make_panel(static_cast<std::size_t>(side), static_cast<std::size_t>(side), style);
  // The place on the ground that a place in the picture shows: (to the east, to the north).
  const auto ground = [&](double x, double y) {
    const double u = (x - middle) / radius;
    const double v = (y - middle) / radius;
    return std::array{(u * north[1] - v * north[0]) / area, (v * east[0] - u * east[1]) / area};
  };
  const Rgb ink = text_color(style.background);
  const view::PixelBox whole{0, 0, side, side};
  panel.fill(whole, ink, [&](double x, double y) {
    const auto [a, b] = ground(x, y);
    return std::abs(std::hypot(a, b) - 1.0) < kRimWidth;
  });
  panel.fill(whole, ink, [&](double x, double y) {
    const auto [a, b] = ground(x, y);
    const bool needle = std::abs(a) < kNeedleWidth * (1.0 - std::abs(b));
    const bool hollow = std::abs(a) < kNeedleWidth * (1.0 - std::abs(b)) - 2.0 * kRimWidth;
    return needle && (b > 0.0 || !hollow);
  });
  const double reach =
      radius + kLetterDistance * static_cast<double>(style.em) / std::hypot(north[0], north[1]);
  panel.fill(pixel(middle + reach * north[0] - static_cast<double>(letter.width) / 2.0),
             pixel(middle + reach * north[1] - static_cast<double>(letter.height) / 2.0), letter,
             ink);
  return panel;
}

}  // namespace ptattn::tools
