#include "ptattn/view/class_table.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace ptattn::view {
namespace {

constexpr Rgb kColorOfNone{128, 128, 128};

/// Hues a golden angle apart, so that neighbours in the list differ most.
Rgb spread_color(std::int64_t code) {
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

}  // namespace

ClassTable::ClassTable(std::vector<ClassStyle> styles) : styles_(std::move(styles)) {
  std::ranges::sort(styles_, {}, &ClassStyle::code);
}

bool ClassTable::knows(std::int64_t code) const {
  return std::ranges::binary_search(styles_, code, {}, &ClassStyle::code);
}

ClassStyle ClassTable::operator[](std::int64_t code) const {
  const auto found = std::ranges::lower_bound(styles_, code, {}, &ClassStyle::code);
  if (found != styles_.end() && found->code == code) return *found;
  if (code == kNoLabel) return {code, "none", kColorOfNone};
  return {code, "class " + std::to_string(code), spread_color(code)};
}

const ClassTable& asprs_classes() {
  static const ClassTable table({{0, "never classified", {170, 170, 170}},
                                 {1, "unclassified", {200, 200, 200}},
                                 {2, "ground", {160, 120, 80}},
                                 {3, "low vegetation", {150, 200, 90}},
                                 {4, "medium vegetation", {100, 180, 70}},
                                 {5, "high vegetation", {40, 140, 50}},
                                 {6, "building", {220, 80, 60}},
                                 {7, "low noise", {120, 60, 120}},
                                 {8, "model key point", {230, 180, 60}},
                                 {9, "water", {60, 120, 220}},
                                 {10, "rail", {90, 90, 110}},
                                 {11, "road surface", {110, 110, 110}},
                                 {12, "overlap", {230, 220, 130}},
                                 {13, "wire, guard", {240, 160, 200}},
                                 {14, "wire, conductor", {240, 110, 170}},
                                 {15, "transmission tower", {60, 60, 160}},
                                 {16, "wire, connector", {170, 90, 150}},
                                 {17, "bridge", {150, 90, 200}},
                                 {18, "high noise", {180, 40, 180}},
                                 {64, "permanent structure", {230, 150, 60}},
                                 {65, "artefact", {90, 40, 40}},
                                 {66, "synthetic", {120, 200, 200}}});
  return table;
}

ClassTable model_classes(std::span<const std::string> names, std::span<const Rgb> palette) {
  std::vector<ClassStyle> styles;
  for (std::size_t i = 0; i < names.size() && i < palette.size(); ++i) {
    styles.push_back({static_cast<std::int64_t>(i), names[i], palette[i]});
  }
  return ClassTable(std::move(styles));
}

}  // namespace ptattn::view
