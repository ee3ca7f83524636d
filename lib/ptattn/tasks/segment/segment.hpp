#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/core/matrix.hpp"
#include "ptattn/models/familiar_features.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/tasks/geometry/hint.hpp"
#include "ptattn/tasks/segment/voxel_scores.hpp"

namespace ptattn {

struct SegmentOptions {
  TilingOptions tiling{};     ///< how large scenes are cut
  std::size_t neighbors = 8;  ///< voxels that each point's probabilities are made of
  /// Views to average over, up to most_votes(); absent: as many as the model's profile says. View i
  /// is of a scene turned about the vertical by i quarter turns; of an object turned by up to 10
  /// degrees to either side (`view_angle`), or in any way where the model has seen objects on any
  /// side (`view_rotation`).
  std::optional<std::size_t> votes{};
  /// Keep them for all classes; refused where those of many classes take more than tiling.memory.
  bool probabilities = false;
  bool clean =
      false;  ///< smooth probabilities over neighbours that are alike (smooth_probabilities)
  /// Of the object, for models that label parts: only its parts compete. Absent: the one whose
  /// parts are likeliest in all.
  std::optional<std::size_t> category{};
};

/// Holds what is said about every point of a cloud, in its order. Points with a NaN or infinite
/// coordinate and stray points (find_strays) get zeros.
struct Segmentation {
  std::vector<std::uint32_t> labels;  ///< classes of the model
  std::vector<float> confidence;      ///< p of the label
  std::vector<float> entropy;         ///< -sum p ln p, in nats
  std::vector<float> margin;          ///< p of the label - p of the runner-up
  Matrix probabilities;               ///< [n, classes] where asked for
  std::vector<bool> valid;            ///< false: the point has no usable coordinates, or is stray
  std::vector<std::uint32_t> strays;  ///< points far from all others, ascending
  std::vector<std::uint32_t> high_strays;  ///< those of them above the middle of the scene
  std::optional<std::size_t> category{};   ///< of the object, where the classes are parts
  std::optional<double> category_share{};  ///< of the probability, where it was guessed
  std::size_t voxels = 0;
  std::size_t tiles = 0;
  double mean_confidence = 0.0;  ///< over the points that are valid
  double unsure_share = 0.0;     ///< of these, those with a confidence below kUnsure
  /// How far the cloud is from those of the validation (FamiliarFeatures), where the model knows.
  std::optional<double> distance{};
  bool unusual = false;            ///< one of both is beyond what validation has found to be usual
  ClassifiedFeatures sampled;      ///< what the distance is of: see sample_voxels
  std::vector<Hint> warnings;      ///< why the labels need a look
  std::vector<std::string> notes;  ///< what the cloud lacks and what stood in for it, a line each
};

/// Returns the most views of a cloud that can be averaged over.
[[nodiscard]] std::size_t most_votes(const SceneProfile& profile);
/// Returns the views that are averaged over.
[[nodiscard]] std::size_t votes_of(const SceneProfile& profile, const SegmentOptions& options);

/// Compares what was found with what validation has found to be usual: sets `unusual` and adds to
/// the warnings.
/// @param result  whose confidence, share of unsure points and distance are known
void judge_the_unusual(const SegmenterModel& model, Segmentation& result);

/// Labels every point of a cloud.
///
/// The cloud is voxelised and described as the model's profile says; the network scores the voxels,
/// all at once or in overlapping tiles whose scores are blended near the tiles' borders, and whose
/// attention looks at the same patches as in the whole; softmax makes probabilities of them, which
/// are averaged over the votes; every point takes the probabilities of the voxels nearest to it by
/// kernel attention (`Interpolator`); the model's temperature calibrates them last, which changes
/// no label. Where classes are parts of objects, those of other categories get probability 0 before
/// that. Points that may not belong to an object (find_apart_points) count as stray where the
/// labels of the others are surer without them: confidence times the share of the guessed category,
/// or that share alone where without them it is another one.
/// @throws Error(Fault::kInput) for a cloud that `voxelize` refuses; Error(Fault::kModel) when the
///         scores are not finite; Error(Fault::kUsage) for a category that the model does not have,
///         or none where the network takes it as an input, and for votes out of range
/// Time O(n log n) and votes times the network's; parallel; the same bits for any thread count.
[[nodiscard]] Segmentation segment(const SegmenterModel& model, const PointCloud& cloud,
                                   const SegmentOptions& options = {},
                                   const ProgressCallback& progress = {});

}  // namespace ptattn
