#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ptattn/models/files/json_reader.hpp"

namespace ptattn {

/// Represents the config.json of a model folder, whatever the model's task.
///
/// Every function throws Error(Fault::kModel).
struct ModelConfig {
  std::string subject;  ///< what error messages call the file
  JsonTree json;
};

/// Reads and parses `folder`/config.json and checks that this version knows its format.
[[nodiscard]] ModelConfig read_model_config(const std::filesystem::path& folder);

/// Returns a list of names, of classes say: none empty, none twice.
[[nodiscard]] std::vector<std::string> read_names(JsonObject& json, const std::string& key);

/// @throws Error unless the network has as many classes as the configuration names
void check_class_count(std::size_t named, std::size_t network, const std::string& subject);

}  // namespace ptattn
