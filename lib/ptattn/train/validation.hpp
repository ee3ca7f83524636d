#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "ptattn/models/model_folder.hpp"
#include "ptattn/train/familiar_fit.hpp"
#include "ptattn/train/labelled_cloud.hpp"
#include "ptattn/train/scores.hpp"
#include "ptattn/train/temperature_fit.hpp"

namespace ptattn::train {

/// Holds what a validation collects beside the scores.
struct ValidationSample {
  ConfidenceSample confidences{};
  std::vector<PlaceFeatures> features{};  ///< of each cloud, which counts as a place of its own
  std::vector<double> unsure_shares{};    ///< of each cloud
  std::vector<double> energies{};         ///< of each object that got a class as a whole
  std::vector<float> scores{};            ///< of these, before softmax, one after the other
  std::vector<std::uint32_t> truths{};    ///< their true classes
};

/// Says how a validation is done.
struct ValidationOptions {
  std::function<bool()> between{};     ///< called between two clouds; false ends it early
  std::size_t memory = 0;              ///< bytes that the network may take, see TilingOptions
  ValidationSample* sample = nullptr;  ///< gets a sample of each cloud, unless null
};

/// Holds scores of a held-out cloud.
struct CloudScores {
  std::string name;
  Scores scores;
};

/// Labels clouds with a model as `segment` does and compares with what is known about their points.
///
/// Classes of the model are those of `space` of the same name; points that get another class count
/// as found in none. Points of classes that the model does not have are left out.
[[nodiscard]] std::vector<CloudScores> validate(const SegmenterModel& model,
                                                std::span<const LabelledCloud> clouds,
                                                const LabelSpace& space,
                                                const ValidationOptions& how = {});

/// Returns the clouds as they are and as harder surveys would have found them: thinned to one point
/// per 4 voxel areas and to 0.3 times that, without fields, and tilted by 31 degrees.
[[nodiscard]] std::vector<LabelledCloud> harder_surveys(std::span<const LabelledCloud> clouds,
                                                        double voxel);

}  // namespace ptattn::train
