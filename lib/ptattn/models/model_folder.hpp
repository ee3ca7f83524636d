#pragma once

#include <filesystem>
#include <memory>
#include <variant>

#include "ptattn/models/classifier.hpp"
#include "ptattn/models/familiar_features.hpp"
#include "ptattn/models/familiar_scores.hpp"
#include "ptattn/models/model_description.hpp"
#include "ptattn/models/point_network.hpp"
#include "ptattn/models/precision.hpp"

namespace ptattn {

/// Represents a classifier with all that is needed to use it.
struct ClassifierModel {
  ClassifierDescription description;
  Precision precision = Precision::kFloat32;
  std::unique_ptr<Classifier> network;
  FamiliarScores familiar{};  ///< empty: the folder has none
};

/// Represents a network over points with all that is needed to use it.
struct SegmenterModel {
  SegmenterDescription description;
  std::unique_ptr<PointNetwork> network;
  FamiliarFeatures familiar{};  ///< of the channels of voxels; empty: the folder has none
  Precision precision = Precision::kFloat32;
};

/// Represents a model of any task.
using Model = std::variant<ClassifierModel, SegmenterModel>;

/// Returns what the models of all tasks say of themselves.
[[nodiscard]] const ModelDescription& description_of(const Model& model);

/// Loads the model in `folder`, whatever its task: reads its config.json and builds its network
/// with the weights of model.safetensors.
/// @param precision  what the network computes with; the files are the same
/// @throws Error(Fault::kModel); Error(Fault::kUsage) for a precision that the network does not have
[[nodiscard]] Model load_model(const std::filesystem::path& folder,
                               Precision precision = Precision::kFloat32);

/// Loads the classifier in `folder`.
/// @throws Error as load_model; Error(Fault::kModel) also for a model of another task
[[nodiscard]] ClassifierModel load_classifier(const std::filesystem::path& folder,
                                              Precision precision = Precision::kFloat32);

/// Loads the model over points in `folder`.
/// @throws Error as load_model; Error(Fault::kModel) also for a model of another task
[[nodiscard]] SegmenterModel load_segmenter(const std::filesystem::path& folder,
                                            Precision precision = Precision::kFloat32);

}  // namespace ptattn
