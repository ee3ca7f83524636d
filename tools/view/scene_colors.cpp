#include "scene_colors.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

namespace ptattn::tools {
namespace {

constexpr double kPaled = 0.82;  // how far points that are alike go towards the background

void pale(std::vector<Rgb>& colors, const std::vector<bool>& differs, const Rgb& background) {
  for (std::size_t i = 0; i < differs.size(); ++i) {
    if (differs[i]) continue;
    for (std::size_t c = 0; c < 3; ++c) {
      colors[i][c] = static_cast<std::uint8_t>(std::lround(std::lerp(
          static_cast<double>(colors[i][c]), static_cast<double>(background[c]), kPaled)));
    }
  }
}

/// The widest range of the clouds that show the same field as this one.
std::optional<ColorRange> common_range(const Scene& scene, std::size_t cloud) {
  std::optional<ColorRange> range;
  for (std::size_t i = 0; i < scene.clouds.size(); ++i) {
    if (scene.source_of(i) != scene.source_of(cloud)) continue;
    const auto own = view::color_range(scene.clouds[i].cloud, scene.source_of(i));
    if (!own) return std::nullopt;
    range = range ? ColorRange{std::fmin(range->low, own->low), std::fmax(range->high, own->high)}
                  : *own;
  }
  return range;
}

}  // namespace

SceneColors color_scene(const Scene& scene, const ClassNames& classes,
                        const std::optional<Rgb>& paled) {
  std::vector<bool> differs;
  if (scene.comparison && paled) {
    differs = differing_points({scene.clouds[0].cloud, scene.source_of(0)},
                               {scene.clouds[1].cloud, scene.source_of(1)}, classes);
  }
  SceneColors result;
  for (std::size_t i = 0; i < scene.clouds.size(); ++i) {
    const view::ColorSource& source = scene.source_of(i);
    view::Coloring coloring =
        view::color_by(scene.clouds[i].cloud, source, classes(source), common_range(scene, i));
    if (paled) pale(coloring.colors, differs, *paled);
    result.colors.push_back(std::move(coloring.colors));
    result.legends.push_back(std::move(coloring.legend));
  }
  return result;
}

view::Legend whole_legend(const std::vector<view::Legend>& legends) {
  view::Legend whole = legends.front();
  for (std::size_t i = 1; i < legends.size(); ++i) {
    whole.below = whole.below || legends[i].below;
    whole.above = whole.above || legends[i].above;
    for (const view::LegendClass& entry : legends[i].classes) {
      const auto at =
          std::ranges::lower_bound(whole.classes, entry.style.code, {},
                                   [](const view::LegendClass& known) { return known.style.code; });
      if (at != whole.classes.end() && at->style.code == entry.style.code) {
        at->points += entry.points;
      } else {
        whole.classes.insert(at, entry);
      }
    }
  }
  return whole;
}

}  // namespace ptattn::tools
