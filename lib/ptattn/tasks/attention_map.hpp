#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "ptattn/cloud/normalize.hpp"
#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/tasks/attention_picture.hpp"
#include "ptattn/tasks/attention_rows.hpp"
#include "ptattn/tasks/classify.hpp"

namespace ptattn {

struct AttentionQuestion {
  AttentionChoice choice{};
  /// The query, in the cloud's own coordinates; nullopt: how much attention each token receives,
  /// the mean over all queries.
  std::optional<Position> at{};
  std::optional<Axis> up = Axis::kZ;  ///< as ClassifyOptions::up
  std::size_t picture_cells = 0;      ///< the most cells a side of the picture; 0: none
};

/// Where the attention of a network goes on a cloud.
struct AttentionAnswer {
  /// [points of the cloud] the weight of a token as `interpolate` carries it to the points around:
  /// 1 / tokens is what a point gets when attention is even. 0 where a coordinate is NaN or
  /// infinite.
  std::vector<float> points;
  std::vector<float> tokens;         ///< [t] weights, sum 1
  std::vector<std::size_t> places;   ///< [t] the point of the cloud that each token is
  std::optional<std::size_t> query;  ///< the token that was asked for: the nearest to `at`
  AttentionPicture picture;          ///< empty unless asked for
  Classification classification;     ///< what the network takes the cloud for
};

/// What does the network look at?
///
/// The network sees the cloud as `classify` shows it in a single vote.
/// @param subject  what error messages call the cloud, such as its path
/// @throws Error as classify and attention_rows do
/// Time that of classify, and a forward pass for each layer of a rollout, twice with a picture. The
/// same bits for any thread count.
[[nodiscard]] AttentionAnswer attention_map(const ClassifierModel& model, const PointCloud& cloud,
                                            std::string_view subject,
                                            const AttentionQuestion& question);

}  // namespace ptattn
