#include "ptattn/tasks/segment.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/tasks/interpolate.hpp"
#include "ptattn/tasks/scene_features.hpp"
#include "ptattn/tasks/scene_hints.hpp"
#include "ptattn/tasks/scene_voxels.hpp"
#include "ptattn/tasks/tile_input.hpp"
#include "ptattn/tasks/tiling.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kVoxelsPerTask = 4096;
constexpr std::size_t kPointsAtATime = std::size_t{1} << 20U;

std::size_t max_tile_voxels(const PointNetwork& network, const SegmentOptions& options) {
  const std::size_t fitting = tile_voxels_that_fit(network, options.memory);
  return options.max_tile_voxels > 0 ? std::min(options.max_tile_voxels, fitting) : fitting;
}

/// Adds a tile's scores, times their weights, to those of the scene. Column `classes` of the sums
/// holds the weights.
void blend(const Tile& tile, const Matrix& scores, Matrix& sums) {
  parallel_each(tile.voxels.size(), kVoxelsPerTask, [&](std::size_t i) {
    float* sum = sums.row(tile.voxels[i]);
    const float weight = tile.weights[i];
    for (std::size_t c = 0; c < scores.cols(); ++c) sum[c] += weight * scores(i, c);
    sum[scores.cols()] += weight;
  });
}

/// Class probabilities of every voxel from blended scores.
Matrix to_probabilities(const Matrix& sums, const std::string& model_name) {
  const std::size_t classes = sums.cols() - 1;
  if (!std::ranges::all_of(sums.values(), [](float x) { return std::isfinite(x); })) {
    throw Error(Fault::kModel, model_name, "gives scores that are not finite");
  }
  Matrix probabilities(sums.rows(), classes);
  parallel_each(sums.rows(), kVoxelsPerTask, [&](std::size_t v) {
    const float* sum = sums.row(v);
    float* p = probabilities.row(v);
    const float largest = *std::max_element(sum, sum + classes);
    float total = 0.0F;
    for (std::size_t c = 0; c < classes; ++c) {
      p[c] = std::exp((sum[c] - largest) / sum[classes]);
      total += p[c];
    }
    for (std::size_t c = 0; c < classes; ++c) p[c] /= total;
  });
  return probabilities;
}

Matrix score_voxels(const PointModel& model, const SceneVoxels& scene, const Matrix& features,
                    const SegmentOptions& options, Segmentation& result,
                    const TileProgress& progress) {
  const std::size_t classes = model.network->out_channels();
  const TilingOptions tiling{.max_voxels = max_tile_voxels(*model.network, options),
                             .margin = options.tile_margin};
  const std::vector<TileBox> boxes = cut_tiles(scene.cells, tiling);
  const TileBox whole = bounding_box(scene.cells);
  const PatchCuts cuts = cuts_for(*model.network, scene, boxes.size());
  Matrix sums(scene.size(), classes + 1);
  std::ranges::fill(sums.values(), 0.0F);
  result.tiles = boxes.size();
  if (progress) progress(0, boxes.size());
  for (std::size_t t = 0; t < boxes.size(); ++t) {
    const Tile tile = make_tile(scene.cells, boxes[t], whole, tiling);
    const TileInput input(scene, features, tile);
    const PointOutput output = model.network->forward(input.input(options.category, cuts));
    blend(tile, output.values, sums);
    if (progress) progress(t + 1, boxes.size());
  }
  return to_probabilities(sums, model.description.name);
}

/// The category whose parts are likeliest over all voxels.
std::size_t likeliest_category(const Matrix& probabilities, const PointModelDescription& model) {
  std::vector<double> shares(model.categories.size(), 0.0);
  for (std::size_t c = 0; c < probabilities.cols(); ++c) {
    shares[model.category_of_class[c]] += deterministic_sum(
        probabilities.rows(), [&](std::size_t v) { return double{probabilities(v, c)}; });
  }
  return static_cast<std::size_t>(std::ranges::max_element(shares) - shares.begin());
}

/// Leaves only the parts of one category; a voxel in which they had no chance gets them all alike.
void keep_category(Matrix& probabilities, const PointModelDescription& model,
                   std::size_t category) {
  const auto parts = static_cast<float>(std::ranges::count(model.category_of_class, category));
  parallel_each(probabilities.rows(), kVoxelsPerTask, [&](std::size_t v) {
    float* p = probabilities.row(v);
    float total = 0.0F;
    for (std::size_t c = 0; c < probabilities.cols(); ++c) {
      if (model.category_of_class[c] == category) total += p[c];
    }
    for (std::size_t c = 0; c < probabilities.cols(); ++c) {
      if (model.category_of_class[c] != category) {
        p[c] = 0.0F;
      } else {
        p[c] = total > 0.0F ? p[c] / total : 1.0F / parts;
      }
    }
  });
}

/// Label and certainty of one point.
void conclude(std::span<const float> p, std::size_t point, Segmentation& result) {
  const auto best = static_cast<std::size_t>(std::ranges::max_element(p) - p.begin());
  float second = 0.0F;
  double entropy = 0.0;
  for (std::size_t c = 0; c < p.size(); ++c) {
    if (c != best) second = std::max(second, p[c]);
    if (p[c] > 0.0F) entropy -= double{p[c]} * std::log(double{p[c]});
  }
  result.labels[point] = static_cast<std::uint32_t>(best);
  result.confidence[point] = p[best];
  result.entropy[point] = static_cast<float>(entropy);
  result.margin[point] = p[best] - second;
}

/// From the voxels back to the points.
void spread(const SceneVoxels& scene, const Matrix& probabilities, const SegmentOptions& options,
            Segmentation& result) {
  Matrix means(scene.size(), 3);
  parallel_each(scene.size(), kVoxelsPerTask, [&](std::size_t v) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      means(v, axis) = static_cast<float>(scene.means[v][axis]);
    }
  });
  const Interpolator interpolator(means, probabilities, options.neighbors);
  for (std::size_t begin = 0; begin < scene.positions.size(); begin += kPointsAtATime) {
    const std::size_t count = std::min(kPointsAtATime, scene.positions.size() - begin);
    Matrix to(count, 3);
    parallel_each(count, kVoxelsPerTask, [&](std::size_t i) {
      for (std::size_t axis = 0; axis < 3; ++axis) {
        to(i, axis) = static_cast<float>(scene.positions[begin + i][axis]);
      }
    });
    const Matrix p = interpolator(to);
    parallel_each(count, kVoxelsPerTask, [&](std::size_t i) {
      const std::size_t point = scene.points[begin + i];
      conclude({p.row(i), p.cols()}, point, result);
      if (options.probabilities) std::copy_n(p.row(i), p.cols(), result.probabilities.row(point));
    });
  }
}

void check(const PointModel& model, const SegmentOptions& options) {
  const std::string& name = model.description.name;
  if (!model.network->labels_points()) {
    throw Error(Fault::kModel, name, "gives features, not labels");
  }
  const std::size_t categories =
      std::max(model.description.categories.size(), model.network->category_count());
  if (!options.category && model.network->category_count() > 0) {
    throw Error(Fault::kUsage, name, "needs to be told the category of the object");
  }
  if (options.category && *options.category >= categories) {
    throw Error(Fault::kUsage, name,
                "has " + std::to_string(categories) +
                    " categories of objects, there is no number " +
                    std::to_string(*options.category));
  }
}

}  // namespace

Segmentation segment(const PointModel& model, const PointCloud& cloud, std::string_view subject,
                     const SegmentOptions& options, const TileProgress& progress) {
  check(model, options);
  const std::size_t n = cloud.size();
  Segmentation result;
  result.labels.assign(n, 0);
  result.confidence.assign(n, 0.0F);
  result.entropy.assign(n, 0.0F);
  result.margin.assign(n, 0.0F);
  result.valid.assign(n, false);
  if (options.probabilities) {
    result.probabilities = Matrix(n, model.network->out_channels());
    std::ranges::fill(result.probabilities.values(), 0.0F);
  }
  const SceneVoxels scene = voxelize(cloud, model.description.preprocessing, subject);
  for (const std::uint32_t point : scene.points) result.valid[point] = true;
  result.voxels = scene.size();
  if (scene.size() == 0) return result;
  SceneFeatures features = scene_features(cloud, scene, model.description.preprocessing);
  result.notes = std::move(features.notes);
  if (const std::size_t least = least_memory(*model.network);
      options.memory > 0 && options.memory < least && scene.size() > kFewestTileVoxels) {
    result.notes.push_back("tiles of " + std::to_string(kFewestTileVoxels) + " voxels take " +
                           std::to_string((least >> 20U) + 1) +
                           " MiB for the network, more than was allowed; smaller ones would be "
                           "labelled unlike the whole");
  }
  for (std::string& hint : scene_hints(cloud, scene, model.description.preprocessing)) {
    result.notes.push_back(std::move(hint));
  }
  Matrix probabilities = score_voxels(model, scene, features.values, options, result, progress);
  if (!model.description.category_of_class.empty()) {
    result.category =
        options.category ? *options.category : likeliest_category(probabilities, model.description);
    keep_category(probabilities, model.description, *result.category);
  }
  features.values = {};
  spread(scene, probabilities, options, result);
  return result;
}

}  // namespace ptattn
