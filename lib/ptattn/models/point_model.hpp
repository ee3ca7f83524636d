#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "ptattn/cloud/paint.hpp"
#include "ptattn/models/point_network.hpp"
#include "ptattn/models/registry.hpp"
#include "ptattn/models/scene_profile.hpp"

namespace ptattn {

/// What the config.json of a model over points says.
struct PointModelDescription {
  std::string name;
  ArchitectureConfig architecture;
  SceneProfile preprocessing;
  std::vector<std::string> classes;     ///< class i is column i of the scores; empty: an encoder
  std::vector<Rgb> palette;             ///< a colour for each class
  std::vector<std::string> categories;  ///< of objects whose parts the model labels; else empty
  std::vector<std::size_t> category_of_class;  ///< where classes are parts; empty: they are not
  std::vector<std::uint8_t> asprs_codes;       ///< the ASPRS code of each class; empty: it has none
};

/// A network over points with all that is needed to use it.
struct PointModel {
  PointModelDescription description;
  std::unique_ptr<PointNetwork> network;
};

/// Reads `folder`/config.json (format 1; as strict as read_model_description). Without a `palette`
/// the classes get colours of evenly spread hues. Classes called CATEGORY.PART are parts of
/// objects; `categories` lists the categories where their order matters.
/// @throws Error(Fault::kModel), also for a model of another task
[[nodiscard]] PointModelDescription read_point_model_description(
    const std::filesystem::path& folder);

/// Reads `folder`/config.json and builds its network with the weights of
/// `folder`/model.safetensors.
/// @throws Error(Fault::kModel)
[[nodiscard]] PointModel load_point_model(const std::filesystem::path& folder);

}  // namespace ptattn
