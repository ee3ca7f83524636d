#include "shown_cloud.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "ptattn/cloud/columns.hpp"
#include "ptattn/cloud/field_meaning.hpp"
#include "ptattn/cloud/strays.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/tasks/geometry/float_step.hpp"
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
          .cloud = view::take_points(whole, selection.indices),
          .notes = whole.metadata().notes};
}

/// Leaves out the points that lie so far from all others that these would be a dot.
void leave_out_strays(ShownCloud& shown) {
  const RawVector<Position> positions = shown.cloud.positions();
  const Strays strays = find_strays(positions, Subject::kScene);
  if (!strays.empty()) {
    shown.notes.push_back(stray_note(strays, positions.size(), "is not drawn", "are not drawn"));
    std::vector<std::size_t> kept(positions.size());
    for (std::size_t i = 0; i < kept.size(); ++i) kept[i] = i;
    drop_strays(kept, strays);
    shown.cloud = view::take_points(shown.cloud, kept);
    shown.finite -= strays.rows.size();
  }
  if (auto hint = float_hint(shown.cloud, shown.cloud.positions())) {
    shown.notes.push_back(std::move(hint->text));
  }
}

ShownCloud load(const std::string& path, std::size_t most, const ReadOptions& options) {
  const PointCloud whole = read_cloud(path, options);
  return take(path, whole, view::select_points(whole, most));
}

/// What is compared: a field, or the height, whatever its field is called.
std::vector<FieldColumn> columns_of(const PointCloud& cloud, const view::ColorSource& source) {
  if (source.kind != view::ColorKind::kHeight) return find_columns(cloud, source.name);
  const Field* const z = find_coordinates(cloud)[2];
  return z == nullptr ? std::vector<FieldColumn>() : std::vector{FieldColumn("z", *z, 0, 0)};
}

Comparison compare(const PointCloud& a, const PointCloud& b, const view::ColorSource& source) {
  Comparison comparison{.problem = "", .source = source, .points = a.size(), .changes = {}};
  if (a.size() != b.size()) {
    comparison.problem = "the clouds have " + std::to_string(a.size()) + " and " +
                         std::to_string(b.size()) + " points, so none are compared";
    return comparison;
  }
  const std::vector<FieldColumn> left = columns_of(a, source);
  const std::vector<FieldColumn> right = columns_of(b, source);
  if (left.size() != 1 || right.size() != 1) {
    comparison.problem = source.name + " is no field of one value, so no points are compared";
    return comparison;
  }
  std::map<std::pair<std::int64_t, std::int64_t>, std::size_t> changes;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double x = left.front()(i);
    const double y = right.front()(i);
    if (x == y || (std::isnan(x) && std::isnan(y))) continue;
    ++comparison.differing;
    if (source.kind == view::ColorKind::kClasses) ++changes[{view::code_of(x), view::code_of(y)}];
    if (source.kind != view::ColorKind::kClasses) {
      comparison.largest = std::fmax(comparison.largest, std::abs(x - y));
    }
  }
  for (const auto& [change, points] : changes) {
    comparison.changes.push_back({change.first, change.second, points});
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
  const PointCloud a = read_cloud(paths[0], settings.read);
  const PointCloud b = read_cloud(paths[1], settings.read);
  refuse_unlike(a, b);
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
  if (settings.compare) {
    load_pair(scene, paths, settings);
  } else {
    const std::size_t share = std::max(settings.most_points / paths.size(), std::size_t{1});
    for (const std::string& path : paths) {
      scene.clouds.push_back(load(path, share, settings.read));
      leave_out_strays(scene.clouds.back());
    }
    choose_source(scene, settings.color);
    if (paths.size() > 1) scene.note = note_of(scene.clouds);
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
  for (std::size_t i = 0; i < a.size(); ++i) {
    differs[i] = view::code_of(left->as_double(i)) != view::code_of(right->as_double(i));
  }
  return differs;
}

}  // namespace ptattn::tools
