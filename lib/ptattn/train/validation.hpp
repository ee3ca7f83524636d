#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "ptattn/models/model_folder.hpp"
#include "ptattn/train/labelled_cloud.hpp"
#include "ptattn/train/scores.hpp"

namespace ptattn::train {

/// Scores of a held-out cloud.
struct CloudScores {
  std::string name;
  Scores scores;
};

/// Labels clouds with a model as `segment` does and compares with what is known about their points.
///
/// Classes of the model are those of `space` of the same name; points that get another class count
/// as found in none. Points of classes that the model does not have are left out.
/// @param between  called between two clouds; ends the validation early by returning false
/// @param memory   bytes that the network may take, see TilingOptions; 0: any number
[[nodiscard]] std::vector<CloudScores> validate(const SegmenterModel& model,
                                                std::span<const LabelledCloud> clouds,
                                                const LabelSpace& space,
                                                const std::function<bool()>& between = {},
                                                std::size_t memory = 0);

/// The clouds as they are and as harder surveys would have found them: thinned to one point per
/// 4 voxel areas and to 0.3 times that, without fields, and tilted by 31 degrees.
[[nodiscard]] std::vector<LabelledCloud> harder_surveys(std::span<const LabelledCloud> clouds,
                                                        double voxel);

}  // namespace ptattn::train
