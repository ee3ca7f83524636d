#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/tasks/inspect/attention_map.hpp"

namespace ptattn::tools {

/// A model of any task, as far as its attention goes.
struct Looker {
  std::string name;
  std::vector<std::string> classes;
  std::vector<std::string> categories;
  std::vector<AttentionLayer> layers;
  bool names_clouds = false;  ///< a classifier; else it says something about every point
  std::function<AttentionAnswer(const PointCloud& cloud, std::string_view subject,
                                const AttentionQuestion& question)>
      look;
};

/// @throws Error(Fault::kModel)
[[nodiscard]] Looker load_looker(const std::filesystem::path& folder);

}  // namespace ptattn::tools
