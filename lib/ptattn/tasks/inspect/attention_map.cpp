#include "ptattn/tasks/inspect/attention_map.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <utility>

#include "ptattn/cloud/rows.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/neighbors/knn.hpp"
#include "ptattn/nn/probabilities.hpp"
#include "ptattn/tasks/classify/object_sample.hpp"
#include "ptattn/tasks/geometry/interpolate.hpp"
#include "ptattn/tasks/scene/hints.hpp"
#include "ptattn/tasks/scene/prepared_scene.hpp"
#include "ptattn/tasks/segment/point_probabilities.hpp"
#include "ptattn/tasks/segment/segment.hpp"
#include "ptattn/tasks/segment/tile_input.hpp"

namespace ptattn {
namespace {

/// A cloud as it is shown to a network.
struct Shown {
  std::vector<std::size_t> points;  // of the cloud, ascending: those that take part
  Matrix positions;                 // [points, 3] in the network's coordinates
  TracedPass forward;
};

/// The row of `shown.positions` that is point `point` of the cloud.
MatrixView row_of(const Shown& shown, std::size_t point) {
  const auto found = std::ranges::lower_bound(shown.points, point);
  if (found == shown.points.end() || *found != point) {
    throw Error(Fault::kUsage, "point " + std::to_string(point),
                "cannot look, expected a point of the cloud with finite coordinates");
  }
  const auto row = static_cast<std::size_t>(found - shown.points.begin());
  return shown.positions.view().rows_range(row, 1);
}

/// The weights of the tokens, carried to all points of a cloud of `size` points.
std::vector<float> on_points(const AttentionRows& attention, const Shown& shown, std::size_t size) {
  const MatrixView weights{attention.rows.data(), attention.tokens.rows(), 1, 1};
  const Matrix values = interpolate(attention.tokens, weights, shown.positions);
  std::vector<float> all(size, 0.0F);
  for (std::size_t i = 0; i < shown.points.size(); ++i) all[shown.points[i]] = values(i, 0);
  return all;
}

std::vector<std::size_t> nearest_points(MatrixView tokens, const Shown& shown) {
  const IndexTable found = k_nearest(shown.positions, tokens, 1);
  std::vector<std::size_t> nearest(tokens.rows);
  std::ranges::transform(found.indices, nearest.begin(),
                         [&](std::uint32_t i) { return shown.points[i]; });
  return nearest;
}

/// Everything but what the network takes the cloud for.
void fill(const Shown& shown, std::size_t size, const AttentionQuery& query,
          AttentionResult& result) {
  RowChoice select = mean_row();
  if (query.point) {
    const MatrixView at = row_of(shown, *query.point);
    select = row_nearest_to({at(0, 0), at(0, 1), at(0, 2)});
  }
  const AttentionRows attention = attention_rows(shown.forward, query.choice, select);
  result.points = on_points(attention, shown, size);
  result.tokens.assign(attention.rows.values().begin(), attention.rows.values().end());
  result.nearest_points = nearest_points(attention.tokens, shown);
  if (query.point) {
    result.query = k_nearest(attention.tokens, row_of(shown, *query.point), 1).indices.front();
  }
  if (query.picture_cells > 0) {
    result.picture = attention_picture(shown.forward, query.choice, query.picture_cells);
  }
}

Shown run_network(const ClassifierModel& model, ClassifiedSample classified) {
  Shown shown;
  shown.points = std::move(classified.usable.points);
  shown.positions = to_network(classified.usable.positions, classified.sample.transform);
  shown.forward = [&network = *model.network,
                   seen = std::make_shared<const Matrix>(std::move(classified.sample.points))](
                      const Trace& trace) { (void)network.logits(*seen, trace); };
  return shown;
}

/// @param scores  gets what the network says about the voxels
Shown run_network(const SegmenterModel& model, const PreparedScene& scene,
                  const AttentionQuery& query, Matrix& scores) {
  Shown shown;
  shown.points.assign(scene.voxels.points.begin(), scene.voxels.points.end());
  shown.positions = rows_relative_to({}, scene.voxels.positions);
  shown.forward = [&network = *model.network, &query, &scores,
                   seen = std::make_shared<const TileInput>(scene)](const Trace& trace) {
    const auto tell = [&query](double share) {
      if (query.progress) query.progress(static_cast<std::size_t>(100.0 * share), 100);
    };
    const PointInput input = seen->input(query.category);
    scores = std::move(network.forward(input, trace.with_progress(tell)).values);
  };
  return shown;
}

/// Class probabilities of one point, as `segment` finds them.
/// @param scores  of the voxels
std::vector<double> probabilities_at(std::size_t point, const SegmenterModel& model,
                                     PreparedScene scene, Matrix scores,
                                     std::optional<std::size_t> category) {
  const auto& points = scene.voxels.points;
  const auto row =
      static_cast<std::uint32_t>(std::ranges::lower_bound(points, point) - points.begin());
  class_probabilities(scores, {}, model.description.name);
  ScoredVoxels scored{std::move(scene.voxels), std::move(scores)};
  keep_one_category({&scored, 1}, model.description, category);
  Matrix p = PointProbabilities(scored, SegmentOptions{}.neighbors)({&row, 1});
  const std::span<float> of_point{p.row(0), p.cols()};
  model.description.reliability.temperature.apply(
      of_point, static_cast<std::size_t>(std::ranges::max_element(of_point) - of_point.begin()));
  return {of_point.begin(), of_point.end()};
}

}  // namespace

AttentionResult attention_map(const ClassifierModel& model, const PointCloud& cloud,
                              const AttentionQuery& query) {
  AttentionResult result;
  ClassifiedSample classified = classify_sample(model, cloud, query.up);
  result.probabilities = std::move(classified.classification.probabilities);
  result.up = classified.classification.up;
  result.notes = std::move(classified.classification.notes);
  result.warnings = std::move(classified.classification.warnings);
  fill(run_network(model, std::move(classified)), cloud.size(), query, result);
  return result;
}

AttentionResult attention_map(const SegmenterModel& model, const PointCloud& cloud,
                              const AttentionQuery& query) {
  AttentionResult result;
  const bool labels = query.point && model.network->labels_points();
  if (labels) check_category(model, query.category);
  PreparedScene scene = prepare_scene(cloud, model.description.preprocessing);
  result.notes = std::move(scene.notes);
  result.warnings = scene_hints(cloud, scene.voxels, model.description.preprocessing);
  Matrix scores;
  fill(run_network(model, scene, query, scores), cloud.size(), query, result);
  if (labels) {
    result.probabilities =
        probabilities_at(*query.point, model, std::move(scene), std::move(scores), query.category);
  }
  return result;
}

std::optional<std::size_t> nearest_point(std::span<const Position> positions, const Position& to) {
  const auto distance = [&](std::size_t i) {
    return std::hypot(positions[i][0] - to[0], positions[i][1] - to[1], positions[i][2] - to[2]);
  };
  const std::vector<std::size_t> finite = finite_points(positions);
  if (finite.empty()) return std::nullopt;
  return *std::ranges::min_element(finite, {}, distance);
}

}  // namespace ptattn
