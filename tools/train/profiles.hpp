#pragma once

#include <nlohmann/json.hpp>

namespace ptattn::tools {

/// Returns the preprocessing of networks that name objects, as config.json holds it.
[[nodiscard]] nlohmann::ordered_json object_preprocessing();

/// Returns the preprocessing of networks that label parts: channels of voxels of an object in the
/// unit sphere.
/// @param voxel  edge, in radii of the object
[[nodiscard]] nlohmann::ordered_json part_preprocessing(double voxel);

}  // namespace ptattn::tools
