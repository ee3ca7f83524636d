#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/tasks/classify/object_sample.hpp"
#include "ptattn/tasks/geometry/hint.hpp"

namespace ptattn {

struct ClassifyOptions {
  /// Forward passes to average over; vote i sees the cloud resampled and turned as `prepare` says.
  std::size_t votes = 1;
  /// The axis of the input that points upwards; nullopt tries all six and keeps the likeliest one
  /// by the model's UprightEvidence or, where it has none, the one with the highest confidence (the
  /// first of kAllAxes on a tie).
  std::optional<Axis> up = Axis::kZ;
};

struct Classification {
  std::vector<double> probabilities;  ///< one a class, sum 1
  Axis up = Axis::kZ;                 ///< the axis of the input that was taken as up
  std::vector<std::string> notes{};   ///< stray and scattered points, a line each
  /// See `object_hints`; "up" where another axis looks clearly more upright than the one given.
  std::vector<Hint> warnings{};
  /// -ln sum_c exp(score_c), the mean of the votes: high where no class stands out from the others,
  /// as of what the model was not made for (Liu et al. 2020).
  double energy = 0.0;
  std::vector<float> scores{};          ///< before softmax, the mean of the votes
  std::optional<double> strangeness{};  ///< of these (FamiliarScores), where the model knows it
  /// The strangeness, or else the energy, is beyond what validation has found to be usual.
  bool unusual = false;
};

/// Names what a cloud is.
///
///   p = 1/V sum_v softmax(logits(prepare(cloud, v)))
///
/// which the model's temperature calibrates (see Temperature); the likeliest class stays. Where the
/// axis is not known and the model has evidence of it, p = sum_a q_a p_a over all six (see
/// UprightEvidence).
/// Points with a NaN or infinite coordinate are left out, and those of `scattered_points` if the
/// network is surer of the others. The unit, the offset and the number of
/// points do not matter (ObjectProfile::min_points is the least).
/// @throws Error(Fault::kInput) for a cloud that `usable_positions` refuses;
///         Error(Fault::kModel) when the network's scores are not finite
/// Parallel over votes and inside the network; the same bits for any thread count.
[[nodiscard]] Classification classify(const ClassifierModel& model, const PointCloud& cloud,
                                      const ClassifyOptions& options = {});

/// Holds what a classifier saw of a cloud in one view.
struct ClassifiedSample {
  Classification classification;
  UsablePoints usable;  ///< positions turned so that `classification.up` is z
  PreparedSample sample;
};

/// Classifies a cloud in a single vote, as `classify` does, and keeps what the network saw.
/// @throws Error as `classify`
[[nodiscard]] ClassifiedSample classify_sample(const ClassifierModel& model,
                                               const PointCloud& cloud, std::optional<Axis> up);

/// Returns the indices of the `count` largest probabilities (all of them when there are fewer),
/// largest first; ties go to the lower index.
[[nodiscard]] std::vector<std::size_t> top_classes(std::span<const double> probabilities,
                                                   std::size_t count);

}  // namespace ptattn
