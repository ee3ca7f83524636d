#include "shown_cloud.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "ptattn/cloud/rows.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/tasks/geometry/float_step.hpp"
#include "ptattn/view/bulk.hpp"
#include "ptattn/view/thinning.hpp"
#include "same_place.hpp"

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
          .cloud = take_points(whole, selection.indices),
          .notes = whole.metadata().notes};
}

/// Says so where float coordinates are too coarse for what they show.
void add_float_hint(ShownCloud& shown) {
  if (auto hint = float_hint(shown.cloud, shown.cloud.positions())) {
    shown.warnings.push_back(*std::move(hint));
  }
}

ShownCloud load(const std::string& path, std::size_t most, const ReadOptions& options) {
  const PointCloud whole = read_cloud(path, options);
  return take(path, whole, view::select_points(whole, most));
}

/// What both can be coloured by, in the order of the first. What one of them holds as numbers, they
/// have in common as numbers.
std::vector<view::ColorSource> common(const std::vector<view::ColorSource>& a,
                                      const std::vector<view::ColorSource>& b) {
  std::vector<view::ColorSource> both;
  for (view::ColorSource source : a) {
    const auto found = std::ranges::find(b, source.name, &view::ColorSource::name);
    if (found == b.end()) continue;
    if (source.kind == view::ColorKind::kClasses) source.kind = found->kind;
    both.push_back(std::move(source));
  }
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
  auto found = std::ranges::find(scene.sources, source.name, &view::ColorSource::name);
  if (found == scene.sources.end()) found = scene.sources.insert(found, source);
  scene.source = static_cast<std::size_t>(found - scene.sources.begin());
}

/// Moves all clouds by the same amount, to where float32 has digits to spare, and finds where
/// nearly all points lie.
void place(Scene& scene) {
  constexpr float kFar = std::numeric_limits<float>::infinity();
  scene.low = {kFar, kFar, kFar};
  scene.high = {-kFar, -kFar, -kFar};
  std::optional<Position> origin;
  for (ShownCloud& shown : scene.clouds) {
    const RawVector<Position> positions = shown.cloud.positions();
    const view::Bulk bulk = view::bulk_of(positions);
    const std::array corners{bulk.box.low, bulk.box.high};
    if (!origin) origin = view::local_origin(corners);
    shown.places = view::local_points(positions, *origin);
    shown.strays = bulk.stray;
    const auto box = view::local_points(corners, *origin);
    for (std::size_t axis = 0; axis < 3; ++axis) {
      scene.low[axis] = std::min(scene.low[axis], box[0][axis]);
      scene.high[axis] = std::max(scene.high[axis], box[1][axis]);
    }
  }
}

/// Two clouds of the same size show the same points, so that their differences can be seen.
void load_pair(Scene& scene, const std::vector<std::string>& paths, const SceneSettings& settings) {
  const std::size_t share = std::max(settings.most_points / 2, std::size_t{1});
  const PointCloud a = read_cloud(paths[0], settings.read);
  const PointCloud b = read_cloud(paths[1], settings.read);
  refuse_unlike(a, b);
  view::Selection in_a = view::select_points(a, share);
  view::Selection in_b = view::select_points(b, share);
  if (a.size() == b.size()) {
    const view::Selection all = view::select_points(b, b.size());
    std::vector<std::size_t> both;
    std::ranges::set_intersection(in_a.indices, all.indices, std::back_inserter(both));
    in_a.indices = in_b.indices = std::move(both);
  }
  scene.clouds.push_back(take(paths[0], a, in_a));
  scene.clouds.push_back(take(paths[1], b, in_b));
  choose_source(scene, settings.color);
  const view::ColorSource& source = scene.sources[scene.source];
  scene.comparison = compare({a, source}, {b, source}, settings.classes);
}

/// One cloud twice, coloured by two of its fields.
void load_fields(Scene& scene, const std::string& path, const SceneSettings& settings) {
  const std::size_t share = std::max(settings.most_points / 2, std::size_t{1});
  const PointCloud whole = read_cloud(path, settings.read);
  const view::Selection selection = view::select_points(whole, share);
  for (const std::string& field : settings.compared_fields) {
    scene.clouds.push_back(take(path, whole, selection));
    scene.own_sources.push_back(view::find_color_source(whole, field));
  }
  choose_source(scene, "");
  scene.comparison =
      compare({whole, scene.own_sources[0]}, {whole, scene.own_sources[1]}, settings.classes);
}

/// Says so where clouds lie too far apart to be seen together.
std::string note_of(const std::vector<ShownCloud>& clouds) {
  std::vector<Place> places;
  for (const ShownCloud& shown : clouds) {
    places.push_back({shown.path, bounds_of(shown.cloud.positions())});
  }
  return note_on_distance(places);
}

}  // namespace

Scene load_scene(const std::vector<std::string>& paths, const SceneSettings& settings) {
  Scene scene;
  if (!settings.compared_fields.empty()) {
    load_fields(scene, paths.front(), settings);
  } else if (settings.compare) {
    load_pair(scene, paths, settings);
  } else {
    const std::size_t share = std::max(settings.most_points / paths.size(), std::size_t{1});
    for (const std::string& path : paths) {
      scene.clouds.push_back(load(path, share, settings.read));
      add_float_hint(scene.clouds.back());
    }
    choose_source(scene, settings.color);
    if (paths.size() > 1) scene.note = note_of(scene.clouds);
  }
  place(scene);
  return scene;
}

std::vector<std::array<float, 3>> framed_places(const Scene& scene, const ShownCloud& shown) {
  std::vector<std::array<float, 3>> framed;
  framed.reserve(shown.places.size());
  std::ranges::copy_if(shown.places, std::back_inserter(framed), [&](const auto& place) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      if (!(place[axis] >= scene.low[axis] && place[axis] <= scene.high[axis])) return false;
    }
    return true;
  });
  return framed;
}

}  // namespace ptattn::tools
