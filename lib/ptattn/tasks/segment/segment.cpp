#include "ptattn/tasks/segment/segment.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <span>
#include <utility>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/tasks/classify/object_sample.hpp"
#include "ptattn/tasks/geometry/interpolate.hpp"
#include "ptattn/tasks/scene/features.hpp"
#include "ptattn/tasks/scene/hints.hpp"
#include "ptattn/tasks/scene/voxels.hpp"
#include "ptattn/tasks/segment/grid_turn.hpp"
#include "ptattn/tasks/segment/tile_input.hpp"
#include "ptattn/tasks/segment/voxel_scores.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kVoxelsPerTask = 4096;
constexpr std::size_t kPointsAtATime = std::size_t{1} << 18U;
constexpr double kObjectTurn = 10.0;  // degrees; further, objects look unlike those of the training

std::size_t max_tile_voxels(const PointNetwork& network, const SegmentOptions& options) {
  const std::size_t fitting = tile_voxels_that_fit(network, options.memory);
  return options.max_tile_voxels > 0 ? std::min(options.max_tile_voxels, fitting) : fitting;
}

/// A cloud as voxels, and what the network says about them.
struct View {
  SceneVoxels scene;
  Matrix probabilities;  ///< [voxels, classes]
};

/// The category whose parts are likeliest over all voxels.
std::size_t likeliest_category(std::span<const View> views, const PointModelDescription& model) {
  std::vector<double> shares(model.categories.size(), 0.0);
  for (const View& view : views) {
    const Matrix& probabilities = view.probabilities;
    for (std::size_t c = 0; c < probabilities.cols(); ++c) {
      shares[model.category_of_class[c]] += deterministic_sum(
          probabilities.rows(), [&](std::size_t v) { return double{probabilities(v, c)}; });
    }
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

/// `n` positions in float32.
/// @param at  Position(std::size_t i)
template <class At>
Matrix places(std::size_t n, const At& at) {
  Matrix result(n, 3);
  parallel_each(n, kVoxelsPerTask, [&](std::size_t i) {
    const Position position = at(i);
    for (std::size_t axis = 0; axis < 3; ++axis) {
      result(i, axis) = static_cast<float>(position[axis]);
    }
  });
  return result;
}

/// From the voxels of one view back to the points, which all views have in one order.
class Spreader {
 public:
  Spreader(const View& view, std::size_t neighbors)
      : positions_(view.scene.positions),
        means_(places(view.scene.size(), [&](std::size_t v) { return view.scene.means[v]; })),
        interpolator_(means_, view.probabilities, neighbors) {}
  Spreader(const Spreader&) = delete;
  Spreader& operator=(const Spreader&) = delete;

  /// Probabilities of the points in these rows of the view's positions.
  [[nodiscard]] Matrix operator()(std::span<const std::uint32_t> rows) const {
    return interpolator_(places(rows.size(), [&](std::size_t i) { return positions_[rows[i]]; }));
  }

 private:
  std::span<const Position> positions_;
  Matrix means_;
  Interpolator interpolator_;
};

/// The mean of all views for every point. Points go voxel by voxel: what is near in space is near
/// in the caches.
void spread(std::span<const View> views, const SegmentOptions& options, Segmentation& result) {
  std::deque<Spreader> spreaders;
  for (const View& view : views) spreaders.emplace_back(view, options.neighbors);
  const SceneVoxels& first = views.front().scene;
  for (std::size_t begin = 0; begin < first.order.size(); begin += kPointsAtATime) {
    const std::size_t count = std::min(kPointsAtATime, first.order.size() - begin);
    const auto rows = std::span(first.order).subspan(begin, count);
    const Matrix p = mean_matrix(views.size(), [&](std::size_t v) { return spreaders[v](rows); });
    parallel_each(count, kVoxelsPerTask, [&](std::size_t i) {
      const std::size_t point = first.points[rows[i]];
      conclude({p.row(i), p.cols()}, point, result);
      if (options.probabilities) std::copy_n(p.row(i), p.cols(), result.probabilities.row(point));
    });
  }
}

/// What is said about the cloud as such, by the first view of it.
void describe(const PointModel& model, const PointCloud& cloud, const SceneVoxels& scene,
              std::vector<std::string> notes, const SegmentOptions& options, Segmentation& result) {
  for (const std::uint32_t point : scene.points) result.valid[point] = true;
  result.voxels = scene.size();
  result.notes = std::move(notes);
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
}

/// The cloud from as many headings as need voxels of their own: those of a scene share its voxels.
std::vector<View> views_of(const PointModel& model, const PointCloud& cloud,
                           std::string_view subject, const SegmentOptions& options,
                           const TileProgress& progress, Segmentation& result) {
  const SceneProfile& profile = model.description.preprocessing;
  const std::size_t count = profile.frame == Frame::kObject ? options.votes : 1;
  std::vector<View> views;
  for (std::size_t v = 0; v < count; ++v) {
    View view{voxelize(cloud, profile, subject, vote_angle(v, count, kObjectTurn)), {}};
    SceneFeatures features = scene_features(cloud, view.scene, profile);
    if (v == 0) describe(model, cloud, view.scene, std::move(features.notes), options, result);
    if (view.scene.size() == 0) return {};
    const TileProgress of_view = [&](std::size_t done, std::size_t total) {
      if (progress && (v == 0 || done > 0)) progress(v * total + done, count * total);
    };
    VoxelScorer scorer(model, view.scene, features.values,
                       {.max_tile_voxels = max_tile_voxels(*model.network, options),
                        .tile_margin = options.tile_margin,
                        .quarter_turns = options.votes / count,
                        .category = options.category},
                       of_view);
    result.tiles = scorer.tiles();
    view.probabilities = scorer.probabilities();
    views.push_back(std::move(view));
  }
  return views;
}

/// Zeros for all points; only now that the channels of the voxels are gone.
void make_room(std::size_t points, std::size_t classes, Segmentation& result) {
  result.labels.assign(points, 0);
  result.confidence.assign(points, 0.0F);
  result.entropy.assign(points, 0.0F);
  result.margin.assign(points, 0.0F);
  if (classes == 0) return;
  result.probabilities = Matrix(points, classes);
  std::ranges::fill(result.probabilities.values(), 0.0F);
}

void check(const PointModel& model, const SegmentOptions& options) {
  const std::string& name = model.description.name;
  if (!model.network->labels_points()) {
    throw Error(Fault::kModel, name, "gives features, not labels");
  }
  if (options.votes < 1 || options.votes > kQuarterTurns) {
    throw Error(Fault::kUsage, "votes",
                "are " + std::to_string(options.votes) + ", expected 1 to " +
                    std::to_string(kQuarterTurns));
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
  Segmentation result;
  result.valid.assign(cloud.size(), false);
  std::vector<View> views = views_of(model, cloud, subject, options, progress, result);
  make_room(cloud.size(), options.probabilities ? model.network->out_channels() : 0, result);
  if (views.empty()) return result;
  if (!model.description.category_of_class.empty()) {
    result.category =
        options.category ? *options.category : likeliest_category(views, model.description);
    for (View& view : views) {
      keep_category(view.probabilities, model.description, *result.category);
    }
  }
  spread(views, options, result);
  return result;
}

}  // namespace ptattn
