#pragma once

#include <cmath>
#include <cstdint>

#include "ptattn/models/scene_profile.hpp"
#include "ptattn/train/draws.hpp"
#include "ptattn/train/labelled_cloud.hpp"

namespace ptattn::test {

/// Channels of a small network over scenes.
inline SceneProfile small_profile() {
  return read_scene_profile(
      R"({"kind": "scene", "unit": "metre", "up": "z", "voxel": 0.5, "features": ["offset_z", "count", "above_5", "intensity",
          "last", "has_intensity", "has_returns"]})",
      "profile");
}

/// Flat ground of `side` metres with a house of 10 by 10 by 6 metres in its middle, some nine
/// points per square metre, with intensities and returns. Label 0 is ground, 1 building.
inline train::LabelledCloud village(double side, std::uint64_t seed = 1) {
  train::Draws draws(seed, 0, 0);
  train::LabelledCloud cloud{.name = "village", .positions = {}, .labels = {}};
  const auto count = static_cast<std::size_t>(9.0 * side * side);
  train::Attribute intensity{
      train::AttributeKind::kIntensity, "intensity", FieldType::kFloat32, {}};
  train::Attribute number{train::AttributeKind::kReturns, "return_number", FieldType::kFloat32, {}};
  train::Attribute returns{
      train::AttributeKind::kReturns, "number_of_returns", FieldType::kFloat32, {}};
  for (std::size_t i = 0; i < count; ++i) {
    const double x = draws.uniform(0.0, side);
    const double y = draws.uniform(0.0, side);
    const bool house = std::abs(x - side / 2) < 5.0 && std::abs(y - side / 2) < 5.0;
    cloud.positions.push_back({static_cast<float>(x), static_cast<float>(y),
                               static_cast<float>(house ? 6.0 : 0.1 * draws.uniform())});
    cloud.labels.push_back(house ? 1 : 0);
    intensity.values.push_back(static_cast<float>(draws.uniform(0.0, 255.0)));
    returns.values.push_back(static_cast<float>(draws.between(1, 2)));
    number.values.push_back(draws.chance(0.5) ? 1.0F : returns.values.back());
  }
  cloud.attributes = {intensity, number, returns};
  return cloud;
}

}  // namespace ptattn::test
