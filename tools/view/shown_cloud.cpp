#include "shown_cloud.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "ptattn/cloud/columns.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/view/thinning.hpp"

namespace ptattn::tools {
namespace {

ShownCloud take(const std::string& path, const PointCloud& whole,
                const view::Selection& selection) {
  if (selection.indices.empty()) {
    throw Error(Fault::kInput, path, "has no point with finite coordinates");
  }
  return {.path = path,
          .points = whole.size(),
          .finite = selection.finite,
          .cloud = view::take_points(whole, selection.indices)};
}

ShownCloud load(const std::string& path, std::size_t most) {
  const PointCloud whole = read_cloud(path);
  return take(path, whole, view::select_points(whole, most));
}

Comparison compare(const PointCloud& a, const PointCloud& b, const view::ColorSource& source) {
  Comparison comparison{.problem = "", .source = source, .points = a.size(), .changes = {}};
  if (a.size() != b.size()) {
    comparison.problem = "the clouds have " + std::to_string(a.size()) + " and " +
                         std::to_string(b.size()) + " points, so none are compared";
    return comparison;
  }
  const std::string name = source.kind == view::ColorKind::kHeight ? "z" : source.name;
  const std::vector<FieldColumn> left = find_columns(a, name);
  const std::vector<FieldColumn> right = find_columns(b, name);
  if (left.size() != 1 || right.size() != 1) {
    comparison.problem = source.name + " is no field of one value, so no points are compared";
    return comparison;
  }
  std::map<std::pair<double, double>, std::size_t> changes;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double x = left.front()(i);
    const double y = right.front()(i);
    if (x == y || (std::isnan(x) && std::isnan(y))) continue;
    ++comparison.differing;
    if (source.kind == view::ColorKind::kClasses) ++changes[{x, y}];
    if (source.kind != view::ColorKind::kClasses) {
      comparison.largest = std::fmax(comparison.largest, std::abs(x - y));
    }
  }
  for (const auto& [change, points] : changes) {
    comparison.changes.push_back({static_cast<std::int64_t>(change.first),
                                  static_cast<std::int64_t>(change.second), points});
  }
  std::ranges::stable_sort(comparison.changes, std::ranges::greater(), &Comparison::Change::points);
  return comparison;
}

/// What both can be coloured by, in the order of the first.
std::vector<view::ColorSource> common(const std::vector<view::ColorSource>& a,
                                      const std::vector<view::ColorSource>& b) {
  std::vector<view::ColorSource> both;
  std::ranges::copy_if(a, std::back_inserter(both), [&](const view::ColorSource& source) {
    return std::ranges::find(b, source) != b.end();
  });
  return both;
}

void choose_source(Scene& scene, const std::string& wanted) {
  scene.sources = view::color_sources(scene.clouds.front().cloud);
  for (const ShownCloud& shown : scene.clouds) {
    scene.sources = common(scene.sources, view::color_sources(shown.cloud));
  }
  if (wanted.empty()) return;
  view::ColorSource source;
  for (const ShownCloud& shown : scene.clouds) {
    source = view::find_color_source(shown.cloud, wanted);
  }
  auto found = std::ranges::find(scene.sources, source);
  if (found == scene.sources.end()) found = scene.sources.insert(found, source);
  scene.source = static_cast<std::size_t>(found - scene.sources.begin());
}

/// Moves all clouds by the same amount, to where float32 has digits to spare.
void place(std::vector<ShownCloud>& clouds) {
  std::optional<Position> origin;
  for (ShownCloud& shown : clouds) {
    const RawVector<Position> positions = shown.cloud.positions();
    if (!origin) origin = view::local_origin(positions);
    shown.places = view::local_points(positions, *origin);
  }
}

/// Two clouds of the same size show the same points, so that their differences can be seen.
void load_pair(Scene& scene, const std::vector<std::string>& paths, const SceneSettings& settings) {
  const PointCloud a = read_cloud(paths[0]);
  const PointCloud b = read_cloud(paths[1]);
  view::Selection in_a = view::select_points(a, settings.most_points / 2);
  view::Selection in_b = view::select_points(b, settings.most_points / 2);
  if (a.size() == b.size()) {
    const view::Selection all = view::select_points(b, b.size());
    std::vector<std::size_t> both;
    std::ranges::set_intersection(in_a.indices, all.indices, std::back_inserter(both));
    in_a.indices = in_b.indices = std::move(both);
  }
  scene.clouds.push_back(take(paths[0], a, in_a));
  scene.clouds.push_back(take(paths[1], b, in_b));
  choose_source(scene, settings.color);
  scene.comparison = compare(a, b, scene.sources[scene.source]);
}

}  // namespace

Scene load_scene(const std::vector<std::string>& paths, const SceneSettings& settings) {
  Scene scene;
  if (settings.compare) {
    load_pair(scene, paths, settings);
  } else {
    const std::size_t share = std::max(settings.most_points / paths.size(), std::size_t{1});
    for (const std::string& path : paths) scene.clouds.push_back(load(path, share));
    choose_source(scene, settings.color);
  }
  place(scene.clouds);
  return scene;
}

std::vector<bool> differing_points(const PointCloud& a, const PointCloud& b,
                                   const view::ColorSource& source) {
  const Field* const left = a.find(source.name);
  const Field* const right = b.find(source.name);
  if (source.kind != view::ColorKind::kClasses || a.size() != b.size() || left == nullptr ||
      right == nullptr) {
    return {};
  }
  std::vector<bool> differs(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) differs[i] = left->as_double(i) != right->as_double(i);
  return differs;
}

}  // namespace ptattn::tools
