#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace ptattn {

/// Returns the folder of the models that were installed with this library: find_package(ptattn)
/// defines it for a program that links ptattn::models, wherever the package lies. Empty elsewhere.
[[nodiscard]] static inline std::filesystem::path package_models() {
#ifdef PTATTN_PACKAGE_MODELS
  return PTATTN_PACKAGE_MODELS;
#else
  return {};
#endif
}

/// Lists the folders in which models are looked up by name, in this order: those of the environment
/// variable PTATTN_MODELS (separated by colons), `../share/ptattn/models` as seen from the running
/// program, `package`, and the installation prefix that was compiled in.
[[nodiscard]] std::vector<std::filesystem::path> model_search_path(
    const std::filesystem::path& package = package_models());

/// Returns the names of the models in the folders of `model_search_path`, sorted, each once.
[[nodiscard]] std::vector<std::string> list_models(
    const std::filesystem::path& package = package_models());

/// Finds the folder of a model: `name_or_folder` itself where it is a folder that holds a
/// config.json, else the first folder of that name on the search path.
/// @throws Error(Fault::kModel) naming the folders searched and the models found there
[[nodiscard]] std::filesystem::path find_model(
    std::string_view name_or_folder, const std::filesystem::path& package = package_models());

}  // namespace ptattn
