#include "ptattn/tasks/segment/segment.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <span>
#include <string>
#include <utility>

#include "ptattn/cloud/field_meaning.hpp"
#include "ptattn/cloud/rows.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/tasks/geometry/apart_points.hpp"
#include "ptattn/tasks/geometry/object_views.hpp"
#include "ptattn/tasks/scene/hints.hpp"
#include "ptattn/tasks/scene/prepared_scene.hpp"
#include "ptattn/tasks/segment/point_certainty.hpp"
#include "ptattn/tasks/segment/point_probabilities.hpp"
#include "ptattn/tasks/segment/spread.hpp"
#include "ptattn/tasks/segment/voxel_sample.hpp"
#include "ptattn/tasks/segment/voxel_smoothing.hpp"

namespace ptattn {
namespace {

static_assert(kMaxSceneVotes == kQuarterTurns);

constexpr double kObjectTurn = 10.0;  // degrees; further, objects look unlike those of the training

/// Views of a cloud: those of a scene share its voxels, an object gets voxels of its own for each.
struct TestTimeViews {
  std::size_t objects;        ///< turned, and cut into voxels again
  std::size_t quarter_turns;  ///< of the voxels of each
};

TestTimeViews test_time_views(const SceneProfile& profile, std::size_t votes) {
  const std::size_t objects = profile.frame == Frame::kObject ? votes : 1;
  return {objects, votes / objects};
}

Rotation turn_of_view(const SceneProfile& profile, std::size_t view, std::size_t views) {
  return profile.any_side_up ? view_rotation(view, views)
                             : Rotation::about_z(view_angle(view, views, kObjectTurn));
}

/// Says what there is to say about the cloud as such.
void add_notes(const SegmenterModel& model, const PointCloud& cloud, PreparedScene& scene,
               const SegmentOptions& options, Segmentation& result) {
  for (const std::uint32_t point : scene.voxels.points) result.valid[point] = true;
  result.voxels = scene.size();
  result.notes = std::move(scene.notes);
  const std::size_t memory = options.tiling.memory;
  if (const std::size_t least = least_memory(*model.network);
      memory > 0 && memory < least && scene.size() > kFewestTileVoxels) {
    result.notes.push_back("tiles of " + std::to_string(kFewestTileVoxels) + " voxels take " +
                           std::to_string((least >> 20U) + 1) +
                           " MiB for the network, more than allowed; smaller tiles would be "
                           "labelled differently from the whole");
  }
  result.warnings = scene_hints(cloud, scene.voxels, model.description.preprocessing);
  result.strays = scene.voxels.strays.rows;
  const double middle = scene.voxels.origin[2] + scene.voxels.extent[2] / 2.0;
  const Field& z = *require_coordinates(cloud)[2];
  std::ranges::copy_if(result.strays, std::back_inserter(result.high_strays),
                       [&](std::uint32_t i) { return z.as_double(i) > middle; });
}

/// Prepares and scores the cloud once for each view that needs voxels of its own; the first of them
/// is what notes and warnings are about.
/// @param progress  of a single view
/// @return          nothing for a cloud without voxels
std::vector<ScoredVoxels> score_views(const SegmenterModel& model, const PointCloud& cloud,
                                      const SegmentOptions& options,
                                      const ProgressCallback& progress, Segmentation& result) {
  const SceneProfile& profile = model.description.preprocessing;
  const TestTimeViews views = test_time_views(profile, votes_of(profile, options));
  const ProgressCallback of_view = views.objects == 1 ? progress : ProgressCallback{};
  std::vector<ScoredVoxels> scored(views.objects);
  parallel_each(views.objects, 1, [&](std::size_t v) {
    PreparedScene scene = prepare_scene(cloud, profile, turn_of_view(profile, v, views.objects));
    if (v == 0) add_notes(model, cloud, scene, options, result);
    if (scene.size() == 0) return;
    const SceneTiles tiles(scene, *model.network, options.tiling);
    Matrix probabilities =
        voxel_probabilities(model, tiles, views.quarter_turns, options.category, of_view);
    if (v == 0) {
      result.tiles = tiles.size();
      result.sampled = sample_voxels(scene.channels, probabilities);
    }
    if (options.clean) probabilities = smooth_probabilities(scene, profile, probabilities);
    scored[v] = {std::move(scene.voxels), std::move(probabilities)};
  });
  if (result.voxels == 0) scored.clear();
  return scored;
}

/// The probabilities of all classes are kept for every point, and once more as fields of the cloud.
/// Those of a few classes take no more than the points themselves.
/// @throws Error(Fault::kInput) when they take more than both
void check_memory(const PointCloud& cloud, const SegmenterModel& model,
                  const SegmentOptions& options) {
  constexpr std::size_t kBytesOfAPoint = 256;
  const std::size_t classes = model.network->out_channels();
  const std::size_t bytes = 2 * sizeof(float) * cloud.size() * classes;
  const std::size_t allowed = options.tiling.memory;
  if (!options.probabilities || allowed == 0 ||
      bytes <= std::max(allowed, kBytesOfAPoint * cloud.size()))
    return;
  throw Error(Fault::kInput, cloud.name(),
              "the probabilities of " + std::to_string(classes) + " classes take " +
                  std::to_string((bytes >> 20U) + 1) + " MiB, more than the " +
                  std::to_string(allowed >> 20U) + " MiB of memory allowed");
}

std::string percent(double share) {
  return std::to_string(std::lround(100.0 * share)) + " %";
}

/// Says so where the object is of no category of the model, and where a guess of the category
/// leaves more to the others together.
void judge_category(const SegmenterDescription& model, const CategoryGuess& guess,
                    Segmentation& result) {
  constexpr double kMajority = 0.5;
  result.category_share = guess.share;
  const std::string& name = model.categories[guess.category];
  if (name == kNoKnownCategory) {
    result.warnings.push_back(
        {"category", "looks like none of the kinds of objects that " + model.name + " knows (" +
                         percent(guess.share) +
                         " of the probability); if it is one of them, name it: --category"});
  } else if (guess.share < kMajority) {
    result.warnings.push_back({"category", "is taken for " + name + " with " +
                                               percent(guess.share) +
                                               " of the probability; if it is something else, all "
                                               "labels are wrong: see --category"});
  }
}

/// Says so where an object that should have several parts became one of them: of 192 labelled
/// shapes of the Princeton Segmentation Benchmark one has a part with more than 95 % of its points.
void judge_parts(const SegmenterDescription& model, Segmentation& result) {
  constexpr std::ptrdiff_t kSeveral = 3;
  constexpr double kNearlyAll = 0.95;
  const std::ptrdiff_t parts = std::ranges::count(model.category_of_class, *result.category);
  std::vector<std::size_t> counts(model.classes.size(), 0);
  for (std::size_t i = 0; i < result.labels.size(); ++i) {
    if (result.valid[i]) ++counts[result.labels[i]];
  }
  const auto most = std::ranges::max_element(counts);
  const std::size_t all = std::accumulate(counts.begin(), counts.end(), std::size_t{0});
  if (parts < kSeveral || static_cast<double>(*most) < kNearlyAll * static_cast<double>(all))
    return;
  result.warnings.push_back(
      {"one_part", percent(static_cast<double>(*most) / static_cast<double>(all)) +
                       " of it became " +
                       model.classes[static_cast<std::size_t>(most - counts.begin())] +
                       ", one of " + std::to_string(parts) + " parts of " +
                       model.categories[*result.category] + ": check the labels"});
}

/// A labelling, and what its points looked like.
struct Labelled {
  Segmentation result;
  std::vector<ScoredVoxels> views;
};

Labelled label_points(const SegmenterModel& model, const PointCloud& cloud,
                      const SegmentOptions& options, const ProgressCallback& progress) {
  Labelled labelled;
  Segmentation& result = labelled.result;
  std::vector<ScoredVoxels>& views = labelled.views;
  result.valid.assign(cloud.size(), false);
  views = score_views(model, cloud, options, progress, result);
  // Only now that the channels of the voxels are gone.
  allocate_results(cloud.size(), options.probabilities ? model.network->out_channels() : 0, result);
  if (views.empty()) return labelled;
  if (const auto guess = keep_one_category(views, model.description, options.category)) {
    result.category = guess->category;
    if (!options.category) judge_category(model.description, *guess, result);
  }
  write_points(views, views.front().voxels.order, options,
               model.description.reliability.temperature, result);
  if (result.category) judge_parts(model.description, result);
  measure_certainty(model, result);
  return labelled;
}

/// Returns whether one labelling is surer than another, of the category as well where that was
/// guessed. Confidences are those of the parts of a category: they tell nothing of two. What looks
/// much less like what the model knows is never the surer one, however sure.
bool is_surer(const Segmentation& one, const Segmentation& other, const UsualLimits& usual) {
  constexpr double kMuchNearer = 0.7;
  if (usual.distance && one.distance && other.distance) {
    if (*one.distance < kMuchNearer * *other.distance) return true;
    if (*other.distance < kMuchNearer * *one.distance) return false;
  }
  const double a = one.category_share.value_or(1.0);
  const double b = other.category_share.value_or(1.0);
  return one.category == other.category ? a * one.mean_confidence > b * other.mean_confidence
                                        : a > b;
}

/// Labels an object without the points that may not belong to it, if that is surer.
void leave_out_apart_points(const SegmenterModel& model, const PointCloud& cloud,
                            const SegmentOptions& options, Labelled& labelled) {
  const SceneVoxels& voxels = labelled.views.front().voxels;
  const ApartPoints apart = find_apart_points(voxels.positions);
  const std::size_t n = voxels.points.size();
  if (apart.empty() || n - apart.rows.size() < model.description.preprocessing.min_points) return;
  std::vector<std::uint32_t> points;  // of the cloud
  for (const std::uint32_t row : apart.rows) points.push_back(voxels.points[row]);
  PointCloud others = take_points(cloud, all_but(cloud.size(), points));
  others.metadata() = cloud.metadata();
  Labelled without = label_points(model, others, options, {});
  const UsualLimits& usual = model.description.reliability.usual;
  if (!is_surer(without.result, labelled.result, usual)) return;
  labelled.result = spread(std::move(without.result), cloud, points);
  labelled.result.notes.push_back(apart_note(apart, n));
}

}  // namespace

std::size_t most_votes(const SceneProfile& profile) {
  return profile.frame == Frame::kObject ? kMaxObjectVotes : kMaxSceneVotes;
}

std::size_t votes_of(const SceneProfile& profile, const SegmentOptions& options) {
  return options.votes.value_or(profile.votes);
}

void judge_the_unusual(const SegmenterModel& model, Segmentation& result) {
  const UsualLimits& usual = model.description.reliability.usual;
  if (usual.distance && result.distance.value_or(0.0) > *usual.distance) {
    result.unusual = true;
    result.warnings.push_back({"unlike", "is unlike the clouds that " + model.description.name +
                                             " was validated on: check the labels, or use another "
                                             "model"});
  }
  if (usual.unsure_share && result.unsure_share > *usual.unsure_share) {
    result.unusual = true;
    result.warnings.push_back(
        {"unsure", percent(result.unsure_share) + " of the points have a confidence below " +
                       percent(kUnsure) + ", at most " + percent(*usual.unsure_share) +
                       " in validation: check the labels"});
  }
}

Segmentation segment(const SegmenterModel& model, const PointCloud& cloud,
                     const SegmentOptions& options, const ProgressCallback& progress) {
  check_segment_options(model, options);
  check_memory(cloud, model, options);
  Labelled labelled = label_points(model, cloud, options, progress);
  if (labelled.views.empty()) return std::move(labelled.result);
  if (model.description.preprocessing.frame == Frame::kObject) {
    leave_out_apart_points(model, cloud, options, labelled);
  }
  judge_the_unusual(model, labelled.result);
  return std::move(labelled.result);
}

}  // namespace ptattn
