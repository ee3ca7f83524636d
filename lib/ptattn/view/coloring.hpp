#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/cloud/colormap.hpp"
#include "ptattn/cloud/paint.hpp"
#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/view/class_table.hpp"

namespace ptattn::view {

/// Says how a field becomes colours.
enum class ColorKind : std::uint8_t {
  kClasses,   ///< whole numbers that name something: a colour each
  kScale,     ///< numbers: the colour map of `color_of`, from low to high
  kHeight,    ///< z, as kScale
  kRgb,       ///< the cloud's own colours
  kFeatures,  ///< the first three of many numbers as red, green and blue
};

/// Holds something that a cloud can be coloured by.
struct ColorSource {
  std::string name;  ///< of the field; "rgb", "features", "height" for what is no field
  ColorKind kind = ColorKind::kScale;

  bool operator==(const ColorSource&) const = default;
};

/// Returns all that a cloud can be coloured by, the most telling first: label, classification and
/// other classes; attention; rgb; features; intensity; height; confidence, entropy, margin; all
/// other fields of one value, as they come. Names are compared without case and without the
/// `scalar_` of CloudCompare. Fields whose values are all equal come last. A field counts as
/// classes by its name (it ends in label, classification, class, segment, instance or cluster) if
/// all its values are whole numbers below 65536 or NaN, which means no class.
[[nodiscard]] std::vector<ColorSource> color_sources(const PointCloud& cloud);

/// Returns the source of that name: one of `color_sources`, or x, y, or a value of a field of
/// several ("descriptor_3").
/// @throws Error(Fault::kInput) that tells which there are
[[nodiscard]] ColorSource find_color_source(const PointCloud& cloud, std::string_view name);

/// Returns the class that a field's value names: kNoClass for NaN.
[[nodiscard]] std::int64_t class_code(double value);

/// Represents a class and how many points have it.
struct LegendClass {
  ClassStyle style;
  std::size_t points = 0;
};

/// Holds what the colours mean.
struct Legend {
  ColorSource source;
  std::vector<LegendClass> classes{};  ///< kClasses: those that occur, by code; kNoClass last
  std::optional<ColorRange> range{};   ///< kScale, kHeight
  bool below = false;                  ///< some points are below the range, in its lowest colour
  bool above = false;                  ///< some are above it
};

struct Coloring {
  std::vector<Rgb> colors;  ///< [n]
  Legend legend;
};

/// Returns the numbers that the ends of the colour map stand for; nothing for colours that are no
/// scale.
///
///   kScale     [0, 1] for confidence; from 0 to the 99th percentile for attention and entropy;
///              else the 1st to 99th percentile. NaN is grey.
///   kHeight    0.5th to 99.5th percentile of z
///
/// @throws Error(Fault::kInput) when the cloud has nothing of that name
[[nodiscard]] std::optional<ColorRange> color_range(const PointCloud& cloud,
                                                    const ColorSource& source);

/// Colours every point.
///
///   kRgb       8-bit as they are; 16-bit by their upper byte; floating-point 0 to 1, or 0 to 255
///              where one is above 1
///   kFeatures  each from its 2nd to its 98th percentile
///
/// @param source  one of the cloud's
/// @param range   of a scale; by itself: its `color_range`
/// @throws        Error(Fault::kInput) when the cloud has nothing of that name
/// Time O(n); the same bits for any thread count.
[[nodiscard]] Coloring color_by(const PointCloud& cloud, const ColorSource& source,
                                const ClassTable& classes,
                                const std::optional<ColorRange>& range = std::nullopt);

/// Returns the numbers that `percent` of the finite values do not reach, and do not exceed: low at
/// (100 - percent), high at percent. Where these are equal: [low, low + 1].
/// @param percent  above 50, up to 100
[[nodiscard]] ColorRange range_within(const std::vector<float>& values, double percent);

}  // namespace ptattn::view
