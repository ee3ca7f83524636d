#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "data.hpp"
#include "ptattn/models/object_profile.hpp"
#include "ptattn/train/model_spec.hpp"
#include "ptattn/train/object_stream.hpp"
#include "ptattn/train/scene_stream.hpp"
#include "ptattn/train/trainer.hpp"

namespace ptattn::tools {

/// All that a run is to do, and why.
struct TrainPlan {
  train::ModelSpec spec;
  std::optional<SceneProfile> profile;   ///< of networks over voxels
  std::optional<ObjectProfile> sample;   ///< of networks that name objects
  std::optional<train::ModelSpec> init;  ///< of the model whose weights it begins with
  std::filesystem::path init_folder;
  train::SceneStreamOptions stream;
  train::ObjectStreamOptions objects;
  train::TrainerOptions trainer;
  train::WeightType weights = train::WeightType::kFloat16;  ///< how matrices are written
  std::vector<std::string> reasons;                         ///< a line each
};

/// What a network of `spec` is given, without a run.
/// @throws Error(Fault::kModel) when its preprocessing is not that of such a network
[[nodiscard]] TrainPlan plan_for(train::ModelSpec spec, TrainKind kind);

/// Chooses what the command line leaves open by a look at the data: voxel size, channels, class
/// weights, augmentation, learning rate.
/// @throws Error(Fault::kUsage) for options that do not fit each other or the data
[[nodiscard]] TrainPlan make_plan(const TrainSettings& settings, TrainData& data,
                                  const std::optional<train::ModelSpec>& init);

}  // namespace ptattn::tools
