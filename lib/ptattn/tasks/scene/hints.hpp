#pragma once

#include <string>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/models/scene_profile.hpp"
#include "ptattn/tasks/scene/voxels.hpp"

namespace ptattn {

/// Says what makes it unlikely that a scene has the model's unit, a line each; nothing for models
/// of objects, which take any unit, and for fewer than 100 points:
///
///   - it reaches over fewer than 16 voxels (kilometres or degrees instead of metres, or no scene)
///   - half of its voxels have no other one within 16 voxels (millimetres or centimetres)
///   - its coordinates are float32 and so large that their steps exceed half a voxel
///
/// Time O(n log n); the same lines for any thread count.
[[nodiscard]] std::vector<std::string> scene_hints(const PointCloud& cloud,
                                                   const SceneVoxels& scene,
                                                   const SceneProfile& profile);

}  // namespace ptattn
