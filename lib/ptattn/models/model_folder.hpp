#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "ptattn/models/classifier.hpp"
#include "ptattn/models/preprocessing.hpp"
#include "ptattn/models/registry.hpp"

namespace ptattn {

/// What a model folder's config.json says.
struct ModelDescription {
  std::string name;
  ArchitectureConfig architecture;
  Preprocessing preprocessing;
  std::vector<std::string> classes;  ///< class i is column i of the logits
};

/// A network with all that is needed to use it.
struct ClassifierModel {
  ModelDescription description;
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
/// @throws Error(Fault::kModel)
[[nodiscard]] ClassifierModel load_classifier(const std::filesystem::path& folder);

}  // namespace ptattn
