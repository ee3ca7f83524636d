#include "ptattn/view/class_table.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>

namespace ptattn::view {
namespace {

constexpr Rgb kNoColor{128, 128, 128};

/// Orange, sky blue, bluish green, yellow, blue, vermillion, purple (Okabe and Ito 2008, "Color
/// universal design") and grey in place of their black.
constexpr std::array<Rgb, 8> kUniversal{{{230, 159, 0},
                                         {86, 180, 233},
                                         {0, 158, 115},
                                         {240, 228, 66},
                                         {0, 114, 178},
                                         {213, 94, 0},
                                         {204, 121, 167},
                                         {90, 90, 90}}};

/// Colours of a model's classes that have the meaning of an ASPRS class.
using AsprsName = std::pair<std::string_view, std::int64_t>;
constexpr std::array<AsprsName, 5> kAsprsNames{
    {{"ground", 2}, {"vegetation", 4}, {"building", 6}, {"water", 9}, {"bridge", 17}}};

/// Goes from a colour towards grey level `end`: 0 stays, 1 arrives.
Rgb blended(const Rgb& color, double end, double part) {
  Rgb result{};
  for (std::size_t c = 0; c < color.size(); ++c) {
    result[c] = static_cast<std::uint8_t>(std::lround(std::lerp(color[c], end, part)));
  }
  return result;
}

/// Hues a golden angle apart, so that neighbours in the list differ most.
Rgb golden_color(std::int64_t code) {
  const double turn = 0.1 + 0.618033988749895 * static_cast<double>(code);
  const double hue = (turn - std::floor(turn)) * 6.0;
  Rgb color{};
  for (std::size_t channel = 0; channel < color.size(); ++channel) {
    const double distance =
        std::abs(std::fmod(hue + 6.0 - 2.0 * static_cast<double>(channel), 6.0) - 3.0);
    color[channel] = static_cast<std::uint8_t>(60.0 + 170.0 * std::clamp(distance - 1.0, 0.0, 1.0));
  }
  return color;
}

/// Colours for the colour-blind as far as they go (24), then hues.
Rgb spread_color(std::int64_t code) {
  constexpr std::int64_t kColors{kUniversal.size()};
  if (code < 0 || code >= 3 * kColors) return golden_color(code);
  const Rgb& color = kUniversal[static_cast<std::size_t>(code % kColors)];
  if (code < kColors) return color;
  return code < 2 * kColors ? blended(color, 0.0, 0.4) : blended(color, 255.0, 0.5);
}

}  // namespace

ClassTable::ClassTable(std::vector<ClassStyle> styles) : styles_(std::move(styles)) {
  std::ranges::sort(styles_, {}, &ClassStyle::code);
}

bool ClassTable::knows(std::int64_t code) const {
  return std::ranges::binary_search(styles_, code, {}, &ClassStyle::code);
}

ClassStyle ClassTable::operator[](std::int64_t code) const {
  if (code == kNoClass) return {code, "none", kNoColor};
  const auto found = std::ranges::lower_bound(styles_, code, {}, &ClassStyle::code);
  if (found != styles_.end() && found->code == code) return *found;
  return {code, "class " + std::to_string(code), spread_color(code)};
}

const ClassTable& asprs_classes() {
  static const ClassTable table({{0, "never classified", {168, 172, 180}},
                                 {1, "unclassified", {215, 215, 215}},
                                 {2, "ground", {193, 161, 134}},
                                 {3, "low vegetation", {190, 226, 131}},
                                 {4, "medium vegetation", {104, 178, 76}},
                                 {5, "high vegetation", {10, 99, 69}},
                                 {6, "building", {220, 68, 19}},
                                 {7, "low noise", {120, 60, 120}},
                                 {8, "model key point", {230, 180, 60}},
                                 {9, "water", {50, 120, 230}},
                                 {10, "rail", {60, 60, 80}},
                                 {11, "road surface", {125, 126, 136}},
                                 {12, "overlap", {230, 220, 130}},
                                 {13, "wire, guard", {240, 160, 200}},
                                 {14, "wire, conductor", {240, 110, 170}},
                                 {15, "transmission tower", {60, 60, 160}},
                                 {16, "wire, connector", {170, 90, 150}},
                                 {17, "bridge", {110, 50, 150}},
                                 {18, "high noise", {180, 40, 180}},
                                 {64, "permanent structure", {230, 150, 60}},
                                 {65, "artefact", {90, 40, 40}},
                                 {66, "synthetic", {120, 200, 200}}});
  return table;
}

ClassTable model_classes(std::span<const std::string> names, std::span<const Rgb> palette) {
  std::vector<ClassStyle> styles;
  for (std::size_t i = 0; i < names.size() && i < palette.size(); ++i) {
    const auto* const known = std::ranges::find(kAsprsNames, names[i], &AsprsName::first);
    const Rgb color =
        known == kAsprsNames.end() ? palette[i] : asprs_classes()[known->second].color;
    styles.push_back({static_cast<std::int64_t>(i), names[i], color});
  }
  return ClassTable(std::move(styles));
}

}  // namespace ptattn::view
