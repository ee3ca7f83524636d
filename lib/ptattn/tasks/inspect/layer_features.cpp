#include "ptattn/tasks/inspect/layer_features.hpp"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "ptattn/cloud/orientation.hpp"
#include "ptattn/cloud/rows.hpp"
#include "ptattn/tasks/classify/classify.hpp"
#include "ptattn/tasks/classify/object_sample.hpp"
#include "ptattn/tasks/geometry/apart_points.hpp"
#include "ptattn/tasks/geometry/interpolate.hpp"
#include "ptattn/tasks/scene/hints.hpp"
#include "ptattn/tasks/scene/prepared_scene.hpp"
#include "ptattn/tasks/segment/scene_tiles.hpp"
#include "ptattn/tasks/segment/segment.hpp"
#include "ptattn/tasks/segment/spread.hpp"
#include "ptattn/tasks/segment/tile_input.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kMadeUpPoints = 512;
constexpr double kMadeUpRadius = 12.0;  // in voxels: wide enough for most points to have their own

TracedPass pass_of(const ClassifierModel& model, MatrixView points) {
  return [&model, points](const Trace& trace) { (void)model.network->logits(points, trace); };
}

PointCloud cloud_of(const Matrix& points) {
  PointCloud cloud(points.rows());
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const auto values = cloud.add(std::string(1, "xyz"[axis]), FieldType::kFloat32).values<float>();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = points(i, axis);
  }
  return cloud;
}

/// Points of the scene whose voxel lies in the core of a tile, as rows of `scene.positions`.
std::vector<std::uint32_t> points_in_core(const SceneVoxels& scene, const SceneTile& tile) {
  const TileBox& core = tile.core;
  std::vector<std::uint32_t> rows;
  for (std::size_t i = 0; i < tile.size(); ++i) {
    const std::size_t v = tile.voxel(i);
    const Cell& cell = scene.cells[v];
    const bool inside = cell[0] >= core.low[0] && cell[0] < core.high[0] &&
                        cell[1] >= core.low[1] && cell[1] < core.high[1];
    if (!inside) continue;
    const auto members = scene.members(v);
    rows.insert(rows.end(), members.begin(), members.end());
  }
  return rows;
}

}  // namespace

std::vector<LayerDescription> layers_of(const ClassifierModel& model) {
  const Matrix points = spiral(model.description.preprocessing.points, 1.0);
  return layers_of(pass_of(model, points));
}

std::vector<LayerDescription> layers_of(const SegmenterModel& model) {
  const SceneProfile& profile = model.description.preprocessing;
  PointCloud cloud =
      cloud_of(spiral(std::max(kMadeUpPoints, profile.min_points), kMadeUpRadius * profile.voxel));
  cloud.set_name(model.description.name);
  const PreparedScene scene = prepare_scene(cloud, profile);
  const TileInput input(scene);
  const bool parts = model.network->category_count() > 0;
  return layers_of([&](const Trace& trace) {
    const std::optional<std::size_t> any = parts ? std::optional<std::size_t>(0) : std::nullopt;
    (void)model.network->forward(input.input(any), trace);
  });
}

namespace {

/// Puts rows of zeros where stray points lie among those with finite coordinates.
/// @param strays  rows of the result, ascending
Matrix with_strays(Matrix values, std::span<const std::uint32_t> strays) {
  if (strays.empty()) return values;
  Matrix all(values.rows() + strays.size(), values.cols());
  std::size_t from = 0;
  for (std::size_t row = 0; row < all.rows(); ++row) {
    if (std::ranges::binary_search(strays, row)) {
      std::fill_n(all.row(row), all.cols(), 0.0F);
    } else {
      std::copy_n(values.row(from++), values.cols(), all.row(row));
    }
  }
  return all;
}

/// The points that the classifier uses, with z up: without those apart from the object where it is
/// surer of the others.
UsablePoints used_points(const ClassifierModel& model, const PointCloud& cloud, Axis up,
                         Remarks& remarks) {
  UsablePoints usable = usable_points(cloud, model.description.preprocessing);
  if (!find_apart_points(usable.positions).empty()) {
    ClassifiedSample seen = classify_sample(model, cloud, up);
    std::ranges::move(seen.classification.notes, std::back_inserter(remarks.notes));
    return std::move(seen.usable);
  }
  if (!usable.note.empty()) remarks.notes.push_back(usable.note);
  for (Position& p : usable.positions) p = upright(p, up);
  return usable;
}

}  // namespace

Matrix layer_features(const ClassifierModel& model, std::string_view layer, const PointCloud& cloud,
                      Axis up, Remarks* remarks) {
  Remarks unheard;
  const UsablePoints usable =
      used_points(model, cloud, up, remarks != nullptr ? *remarks : unheard);
  const ObjectProfile& profile = model.description.preprocessing;
  const PreparedSample sample = prepare_sample(usable.positions, profile, 0, 1);
  const LayerTokens tokens =
      listen_to(pass_of(model, sample.points), layer, model.description.name);
  return with_strays(
      interpolate(tokens.positions, tokens.values, to_network(usable.positions, sample.transform)),
      usable.strays);
}

namespace {

/// The points that the model leaves out when it labels an object with points that may not belong
/// to it; none of scenes and of models that label nothing.
std::vector<std::uint32_t> apart_points(const SegmenterModel& model, const PointCloud& cloud,
                                        const PreparedScene& scene,
                                        const SceneLayerOptions& options) {
  const bool object = model.description.preprocessing.frame == Frame::kObject;
  if (!object || !model.network->labels_points()) return {};
  if (find_apart_points(scene.voxels.positions).empty()) return {};
  return segment(model, cloud, {.tiling = options.tiling, .category = options.category}).strays;
}

/// Those of `points` that have finite coordinates, counted among all that have.
std::vector<std::uint32_t> finite_rows(const PointCloud& cloud,
                                       std::span<const std::uint32_t> points) {
  RawVector<Position> positions = cloud.positions();
  std::vector<std::uint32_t> rows;
  const std::vector<std::size_t> finite = keep_finite(positions);
  for (std::uint32_t row = 0; row < finite.size(); ++row) {
    if (std::ranges::binary_search(points, finite[row])) rows.push_back(row);
  }
  return rows;
}

}  // namespace

Matrix layer_features(const SegmenterModel& model, std::string_view layer, const PointCloud& cloud,
                      const SceneLayerOptions& options, Remarks& remarks,
                      const ProgressCallback& progress) {
  PreparedScene scene = prepare_scene(cloud, model.description.preprocessing);
  const std::vector<std::uint32_t> apart = apart_points(model, cloud, scene, options);
  if (apart.size() > scene.voxels.strays.rows.size()) {
    PointCloud others = take_points(cloud, all_but(cloud.size(), apart));
    others.metadata() = cloud.metadata();
    remarks.notes.push_back(std::to_string(apart.size()) + " of " + std::to_string(cloud.size()) +
                            " points seem not to belong to the object and get 0 in every channel");
    return with_strays(layer_features(model, layer, others, options, remarks, progress),
                       finite_rows(cloud, apart));
  }
  std::ranges::move(scene.notes, std::back_inserter(remarks.notes));
  std::ranges::move(scene_hints(cloud, scene.voxels, model.description.preprocessing),
                    std::back_inserter(remarks.warnings));
  Matrix out;
  std::size_t done = 0;
  const TileRequest request{.category = options.category};
  for_each_tile(scene, *model.network, options.tiling, request, [&](const SceneTile& tile) {
    const auto forward = [&](const Trace& trace) {
      (void)model.network->forward(tile.input, trace);
    };
    const LayerTokens tokens = listen_to(forward, layer, model.description.name);
    const auto rows = points_in_core(scene.voxels, tile);
    const Matrix values = interpolate(tokens.positions, tokens.values,
                                      rows_relative_to({}, scene.voxels.positions, rows));
    if (out.size() == 0) out = Matrix(scene.voxels.positions.size(), values.cols());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::copy_n(values.row(i), values.cols(), out.row(rows[i]));
    }
    if (progress) progress(done += rows.size(), scene.voxels.positions.size());
  });
  return with_strays(std::move(out), scene.voxels.stray_rows);
}

}  // namespace ptattn
