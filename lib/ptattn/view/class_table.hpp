#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/cloud/paint.hpp"

namespace ptattn::view {

/// The label of points that have none (NaN), after all others.
inline constexpr std::int64_t kNoClass = std::numeric_limits<std::int64_t>::max();

/// Holds what a label stands for.
struct ClassStyle {
  std::int64_t code = 0;
  std::string name;
  Rgb color{};
};

/// Names and colours of labels.
class ClassTable {
 public:
  ClassTable() = default;
  /// @param styles  each code once
  explicit ClassTable(std::vector<ClassStyle> styles);

  /// Returns the style of a label; one that the table does not know is called "class 17" and has a
  /// colour of its own, kNoClass is "none" and grey.
  [[nodiscard]] ClassStyle operator[](std::int64_t code) const;
  [[nodiscard]] bool knows(std::int64_t code) const;

 private:
  std::vector<ClassStyle> styles_;  // by code
};

/// Returns the classes of LAS files: ASPRS, "LAS Specification 1.4 - R15", table 17 (codes 0 to
/// 18), and those of IGN LiDAR HD from 64 on. Colours of the kind that CloudCompare and QGIS users
/// know (brown ground, greens for vegetation, red buildings, blue water), so bright and dark that
/// people without red or green cones tell the frequent ones apart.
[[nodiscard]] const ClassTable& asprs_classes();

/// Returns classes 0, 1, ... of a model. Ground, vegetation, building, water and bridge have the
/// colours that they have as ASPRS classes (medium vegetation), the others those of the palette.
/// @param palette  one colour a name
[[nodiscard]] ClassTable model_classes(std::span<const std::string> names,
                                       std::span<const Rgb> palette);

}  // namespace ptattn::view
