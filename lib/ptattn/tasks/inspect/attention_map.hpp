#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/cloud/normalize.hpp"
#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/tasks/classify/classify.hpp"
#include "ptattn/tasks/inspect/attention_picture.hpp"
#include "ptattn/tasks/inspect/attention_rows.hpp"
#include "ptattn/tasks/progress.hpp"

namespace ptattn {

/// Asks where the attention of a network goes.
struct AttentionQuery {
  AttentionChoice choice{};
  /// The point of the cloud that looks; nullopt: how much attention each token receives, the mean
  /// over all that look.
  std::optional<std::size_t> point{};
  std::optional<Axis> up = Axis::kZ;  ///< as ClassifyOptions::up; scenes have z up
  std::size_t picture_cells = 0;      ///< the most cells a side of the picture; 0: none
  /// Of the object, for models that label its parts.
  std::optional<std::size_t> category{};
  /// Counts hundredths of each pass of a network over points.
  ProgressCallback progress{};
};

/// Holds where the attention of a network goes on a cloud.
struct AttentionResult {
  /// [points of the cloud] the weight of a token as `interpolate` carries it to the points around:
  /// 1 / tokens is what a point gets when attention is even. 0 where a coordinate is NaN or
  /// infinite.
  std::vector<float> points;
  std::vector<float> tokens;                ///< [t] weights, sum 1
  std::vector<std::size_t> nearest_points;  ///< [t] the point of the cloud nearest to each token
  std::optional<std::size_t> query;         ///< the token that looks: the nearest to the point
  AttentionPicture picture;                 ///< empty unless asked for
  /// What the network takes the cloud for, or, where it labels points, the point that looks: a
  /// probability for each class. Empty where it does not say.
  std::vector<double> probabilities;
  Axis up = Axis::kZ;              ///< the axis of the cloud that was taken as up
  std::vector<std::string> notes;  ///< what the cloud lacks and what stood in for it, a line each
  std::vector<Hint> warnings;      ///< why the result needs a look
};

/// Computes where the attention of a network goes.
///
/// The network sees the cloud as `classify` shows it in a single vote.
/// @throws Error as classify and attention_rows do; Error(Fault::kUsage) when the point that looks
///         is none of the cloud or has a coordinate that is NaN or infinite
/// Time that of classify, and a forward pass for each layer of a rollout, twice with a picture. The
/// same bits for any thread count.
[[nodiscard]] AttentionResult attention_map(const ClassifierModel& model, const PointCloud& cloud,
                                            const AttentionQuery& query);

/// Asks a network over points, which sees the whole cloud as `segment` shows it a single tile. The
/// passes that report the attention label the point that looks as well.
[[nodiscard]] AttentionResult attention_map(const SegmenterModel& model, const PointCloud& cloud,
                                            const AttentionQuery& query);

/// Finds the finite point nearest to a position, the first on a tie; nullopt when no point is
/// finite. Time O(n).
[[nodiscard]] std::optional<std::size_t> nearest_point(std::span<const Position> positions,
                                                       const Position& to);

}  // namespace ptattn
