#include "ptattn/view/coloring.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <span>
#include <tuple>

#include "ptattn/cloud/columns.hpp"
#include "ptattn/cloud/field_meaning.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/text.hpp"
#include "ptattn/view/field_names.hpp"

namespace ptattn::view {
namespace {

constexpr std::size_t kGrain = 16384;  // points a task
constexpr double kMostClasses = 65536.0;
constexpr double kScalePercent = 99.0;
constexpr double kHeightPercent = 99.5;
constexpr double kFeaturePercent = 98.0;

std::vector<float> values_of(const FieldColumn& column, std::size_t points) {
  std::vector<float> values(points);
  parallel_each(points, kGrain, [&](std::size_t i) { values[i] = static_cast<float>(column(i)); });
  return values;
}

/// Red, green and blue; nothing for a cloud without colours.
std::vector<FieldColumn> color_columns(const PointCloud& cloud) {
  if (cloud.find("colors") != nullptr) return {};  // a field wins over the word
  std::vector<FieldColumn> columns = find_columns(cloud, "colors");
  if (columns.size() != 3) columns.clear();
  return columns;
}

/// The first three features: of fields f_000, f_001, ... or feature_0, ..., or of one with many
/// values.
std::vector<FieldColumn> feature_columns(const PointCloud& cloud) {
  for (const std::array<std::string_view, 3>& names :
       {std::array<std::string_view, 3>{"f_000", "f_001", "f_002"},
        std::array<std::string_view, 3>{"feature_0", "feature_1", "feature_2"}}) {
    std::vector<FieldColumn> columns;
    for (const std::string_view name : names) {
      std::vector<FieldColumn> one = find_columns(cloud, name);
      if (one.size() == 1) columns.push_back(one.front());
    }
    if (columns.size() == 3) return columns;
  }
  for (const Field& field : cloud.fields()) {
    if (field.count() < 3) continue;
    std::vector<FieldColumn> columns = find_columns(cloud, field.name());
    columns.erase(columns.begin() + 3, columns.end());
    return columns;
  }
  return {};
}

bool holds_classes(const Field& field, std::size_t points) {
  if (!holds_labels(field)) return false;
  std::size_t none = 0;
  for (std::size_t i = 0; i < points; ++i) {
    const double v = field.as_double(i);
    if (std::isnan(v)) {
      ++none;
    } else if (!(v >= -1.0 && v < kMostClasses)) {
      return false;
    }
  }
  return points == 0 || none < points;
}

/// Fields that are no source by themselves.
std::vector<const Field*> fields_of_places_and_colors(const PointCloud& cloud) {
  std::vector<const Field*> fields;
  std::ranges::copy(find_coordinates(cloud), std::back_inserter(fields));
  if (const auto colors = find_colors(cloud))
    std::ranges::copy(*colors, std::back_inserter(fields));
  for (const Field& field : cloud.fields()) {
    const Meaning meaning = meaning_of(field.name());
    const bool color = meaning >= Meaning::kRed && meaning <= Meaning::kPackedColor;
    if (color) fields.push_back(&field);
  }
  return fields;
}

bool varies(const Field& field, std::size_t points) {
  const double first = points == 0 ? 0.0 : field.as_double(0);
  for (std::size_t i = 1; i < points; ++i) {
    const double value = field.as_double(i);
    if (value != first && !(std::isnan(value) && std::isnan(first))) return true;
  }
  return false;
}

/// The number that this fraction of `values` does not exceed; they are reordered.
double quantile(std::vector<float>& values, double fraction) {
  const double last = static_cast<double>(values.size() - 1);
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::lround(fraction * last));
  std::nth_element(values.begin(), at, values.end());
  return static_cast<double>(*at);
}

ColorRange range_for(const ColorSource& source, const std::vector<float>& values) {
  if (source.kind == ColorKind::kHeight) return range_within(values, kHeightPercent);
  const std::string plain = plain_name(source.name);
  if (plain == "confidence") return {0.0, 1.0};
  if (plain == "attention" || plain == "entropy") return range_up_to(values, kScalePercent);
  return range_within(values, kScalePercent);
}

[[noreturn]] void no_source(const ColorSource& source) {
  throw Error(Fault::kInput, source.name, "the cloud has nothing of this name");
}

std::vector<float> scale_values(const PointCloud& cloud, const ColorSource& source) {
  std::vector<FieldColumn> columns = find_columns(cloud, source.name);
  if (source.kind == ColorKind::kHeight) {
    columns.clear();
    const Field* const z = find_coordinates(cloud)[2];
    if (z != nullptr) columns.emplace_back("z", *z, 0, 0);
  } else if (columns.empty()) {  // "descriptor_3": a value of the field "descriptor"
    const std::size_t cut = source.name.rfind('_');
    for (const FieldColumn& column : find_columns(cloud, source.name.substr(0, cut))) {
      if (column.name() == source.name) columns.push_back(column);
    }
  }
  if (columns.size() != 1) no_source(source);
  return values_of(columns.front(), cloud.size());
}

Coloring color_scale(const PointCloud& cloud, const ColorSource& source,
                     const std::optional<ColorRange>& range) {
  const std::vector<float> values = scale_values(cloud, source);
  const ColorRange used = range ? *range : range_for(source, values);
  return {colors_of(values, used),
          {.source = source,
           .classes = {},
           .range = used,
           .below = std::ranges::any_of(values, [&](float v) { return v < used.low; }),
           .above = std::ranges::any_of(values, [&](float v) { return v > used.high; })}};
}

Coloring color_classes(const PointCloud& cloud, const ColorSource& source,
                       const ClassTable& classes) {
  const Field* const field = cloud.find(source.name);
  if (field == nullptr || field->count() != 1) no_source(source);
  std::map<std::int64_t, LegendClass> found;
  Coloring coloring{.colors = std::vector<Rgb>(cloud.size()), .legend = {.source = source}};
  for (std::size_t i = 0; i < cloud.size(); ++i) {
    const std::int64_t code = class_code(field->as_double(i));
    auto entry = found.find(code);
    if (entry == found.end()) entry = found.emplace(code, LegendClass{classes[code], 0}).first;
    coloring.colors[i] = entry->second.style.color;
    ++entry->second.points;
  }
  for (auto& [code, entry] : found) coloring.legend.classes.push_back(entry);
  return coloring;
}

std::uint8_t as_byte(double x) {
  return std::isnan(x) ? std::uint8_t{128}
                       : static_cast<std::uint8_t>(std::lround(std::clamp(x, 0.0, 255.0)));
}

Coloring color_rgb(const PointCloud& cloud, const ColorSource& source) {
  const std::vector<FieldColumn> columns = color_columns(cloud);
  if (columns.empty()) no_source(source);
  const double full = full_color(columns, cloud.size());
  const double factor = full > 255.0 ? 1.0 / 257.0 : 255.0 / full;
  Coloring coloring{.colors = std::vector<Rgb>(cloud.size()), .legend = {.source = source}};
  parallel_each(cloud.size(), kGrain, [&](std::size_t i) {
    for (std::size_t c = 0; c < 3; ++c) coloring.colors[i][c] = as_byte(factor * columns[c](i));
  });
  return coloring;
}

Coloring color_features(const PointCloud& cloud, const ColorSource& source) {
  const std::vector<FieldColumn> columns = feature_columns(cloud);
  if (columns.size() != 3) no_source(source);
  Coloring coloring{.colors = std::vector<Rgb>(cloud.size()), .legend = {.source = source}};
  for (std::size_t c = 0; c < 3; ++c) {
    const std::vector<float> values = values_of(columns[c], cloud.size());
    const ColorRange range = range_within(values, kFeaturePercent);
    parallel_each(cloud.size(), kGrain, [&](std::size_t i) {
      coloring.colors[i][c] = as_byte(255.0 * (values[i] - range.low) / (range.high - range.low));
    });
  }
  return coloring;
}

}  // namespace

std::int64_t class_code(double value) {
  return std::isnan(value) ? kNoClass : static_cast<std::int64_t>(value);
}

std::vector<ColorSource> color_sources(const PointCloud& cloud) {
  struct Ranked {
    bool constant;
    int rank;
    ColorSource source;
  };
  std::vector<Ranked> ranked;
  const bool colors = !color_columns(cloud).empty();
  if (colors) ranked.push_back({false, kRankOfRgb, {"rgb", ColorKind::kRgb}});
  if (!feature_columns(cloud).empty()) {
    ranked.push_back({false, kRankOfFeatures, {"features", ColorKind::kFeatures}});
  }
  ranked.push_back({false, kRankOfHeight, {"height", ColorKind::kHeight}});
  const std::vector<const Field*> drawn = fields_of_places_and_colors(cloud);
  for (const Field& field : cloud.fields()) {
    if (field.count() != 1 || std::ranges::find(drawn, &field) != drawn.end()) continue;
    const ColorKind kind =
        holds_classes(field, cloud.size()) ? ColorKind::kClasses : ColorKind::kScale;
    ranked.push_back({kind == ColorKind::kScale && !varies(field, cloud.size()),
                      rank_of(field.name()),
                      {field.name(), kind}});
  }
  std::ranges::stable_sort(ranked, {},
                           [](const Ranked& r) { return std::tuple(r.constant, r.rank); });
  std::vector<ColorSource> sources;
  for (Ranked& r : ranked) sources.push_back(std::move(r.source));
  return sources;
}

ColorSource find_color_source(const PointCloud& cloud, std::string_view name) {
  const std::vector<ColorSource> sources = color_sources(cloud);
  for (const ColorSource& source : sources) {
    if (source.name == name) return source;
  }
  for (const ColorSource& source : sources) {
    if (plain_name(source.name) == plain_name(name)) return source;
  }
  for (const Field& field : cloud.fields()) {
    for (const FieldColumn& column : find_columns(cloud, field.name())) {
      if (column.name() == name) return {std::string(name), ColorKind::kScale};
    }
  }
  const std::string known = comma_joined(sources, &ColorSource::name);
  throw Error(Fault::kInput, cloud.name(),
              "has nothing called " + std::string(name) + " to colour by, it has " + known);
}

ColorRange range_within(const std::vector<float>& values, double percent) {
  if (!(percent > 50.0 && percent <= 100.0)) {
    throw Error(Fault::kUsage, "range_within", "expected a percentage above 50, up to 100");
  }
  std::vector<float> finite;
  std::ranges::copy_if(values, std::back_inserter(finite),
                       [](float v) { return std::isfinite(v); });
  if (finite.empty()) return {0.0, 1.0};
  const double low = quantile(finite, 1.0 - percent / 100.0);
  const double high = quantile(finite, percent / 100.0);
  return {low, high > low ? high : low + 1.0};
}

std::optional<ColorRange> color_range(const PointCloud& cloud, const ColorSource& source) {
  if (source.kind != ColorKind::kScale && source.kind != ColorKind::kHeight) return std::nullopt;
  return range_for(source, scale_values(cloud, source));
}

Coloring color_by(const PointCloud& cloud, const ColorSource& source, const ClassTable& classes,
                  const std::optional<ColorRange>& range) {
  switch (source.kind) {
    case ColorKind::kClasses:
      return color_classes(cloud, source, classes);
    case ColorKind::kRgb:
      return color_rgb(cloud, source);
    case ColorKind::kFeatures:
      return color_features(cloud, source);
    case ColorKind::kHeight:
    case ColorKind::kScale:
      break;
  }
  return color_scale(cloud, source, range);
}

}  // namespace ptattn::view
