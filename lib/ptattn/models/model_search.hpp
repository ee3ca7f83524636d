#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace ptattn {

/// Folders in which models are looked up by name, in this order: those of the environment variable
/// PTATTN_MODELS (separated by colons), `../share/ptattn/models` as seen from the running program,
/// and the installation prefix that was compiled in.
[[nodiscard]] std::vector<std::filesystem::path> model_search_path();

/// Names of the models in the folders of `model_search_path`, sorted, each once.
[[nodiscard]] std::vector<std::string> list_models();

/// The folder of a model: `name_or_folder` itself where it is a folder that holds a config.json,
/// else the first folder of that name on the search path.
/// @throws Error(Fault::kModel) naming the folders searched and the models found there
[[nodiscard]] std::filesystem::path find_model(std::string_view name_or_folder);

}  // namespace ptattn
