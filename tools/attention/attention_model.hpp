#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/models/precision.hpp"
#include "ptattn/tasks/inspect/attention_map.hpp"

namespace ptattn::tools {

/// A model of any task, as far as its attention goes.
struct AttentionModel {
  std::string name;
  std::vector<std::string> classes;
  std::vector<std::string> categories;
  std::vector<AttentionLayer> layers;
  bool classifies_clouds = false;  ///< else it labels points
  std::function<AttentionResult(const PointCloud& cloud, const AttentionQuery& query)> compute;
};

/// Loads a model of any task.
/// @throws Error as load_model
[[nodiscard]] AttentionModel load_attention_model(const std::filesystem::path& folder,
                                                  Precision precision = Precision::kFloat32);

}  // namespace ptattn::tools
