#pragma once

#include <string>
#include <vector>

#include "facts.hpp"
#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/tasks/geometry/hint.hpp"

namespace ptattn::tools {

/// How a model and a cloud fit each other.
struct ModelFit {
  std::string model;
  bool fits = false;                   ///< made for this kind of cloud, and nothing is warned of
  std::vector<std::string> missing{};  ///< what the model sees if it is there
  std::vector<Hint> hints{};           ///< what the command would warn of
};

/// What to do with a cloud.
struct Advice {
  std::string kind;                ///< "scene" or "object", as it seems
  std::vector<ModelFit> models{};  ///< all that are installed
  std::string model{};             ///< the one to use; empty: none fits
  std::string command{};           ///< with the options that the cloud needs
  std::vector<Hint> hints{};       ///< of the model to use, or of the kind of cloud without one
};

/// Finds out which of the installed models a cloud is for, and what the commands would say: the
/// hints are theirs (`scene_hints`, `object_hints`). Of large clouds, half a million points are
/// looked at.
[[nodiscard]] Advice advise(const PointCloud& cloud, const CloudFacts& facts,
                            const std::string& path);

}  // namespace ptattn::tools
