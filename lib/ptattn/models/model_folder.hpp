#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/models/classifier.hpp"
#include "ptattn/models/preprocessing.hpp"
#include "ptattn/models/registry.hpp"

namespace ptattn {

/// What a model is for.
enum class ModelTask : std::uint8_t {
  kClassification,  ///< names clouds, see ClassifierModel
  kPoints,          ///< says something about every point, see PointModel
};

/// The task of an architecture; nullopt for one that nobody knows.
[[nodiscard]] std::optional<ModelTask> task_of(std::string_view architecture);

/// The task of the model in `folder`, by the architecture that its config.json names.
/// @throws Error(Fault::kModel) when that is unknown or the file cannot be read
[[nodiscard]] ModelTask read_model_task(const std::filesystem::path& folder);

/// @throws Error(Fault::kModel) when the architecture is known, but for another task
void check_task(const ArchitectureConfig& config, ModelTask wanted);

/// What a classifier's config.json says.
struct ModelDescription {
  std::string name;
  ArchitectureConfig architecture;
  Preprocessing preprocessing;
  std::vector<std::string> classes;  ///< class i is column i of the logits
};

/// A network with all that is needed to use it.
struct ClassifierModel {
  ModelDescription description;
  Precision precision = Precision::kFloat32;
  std::unique_ptr<Classifier> network;
};

/// Reads `folder`/config.json.
///
/// The schema (format 1) is strict: unknown or repeated keys, wrong types and values out of range
/// are refused, and so is a format that this version does not know.
/// @throws Error(Fault::kModel)
[[nodiscard]] ModelDescription read_model_description(const std::filesystem::path& folder);

/// Reads `folder`/config.json and builds its network with the weights of
/// `folder`/model.safetensors.
/// @param precision  what the network computes with; the files are the same
/// @throws Error(Fault::kModel)
[[nodiscard]] ClassifierModel load_classifier(const std::filesystem::path& folder,
                                              Precision precision = Precision::kFloat32);

}  // namespace ptattn
