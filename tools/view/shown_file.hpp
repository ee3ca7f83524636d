#pragma once

#include "ptattn/cloud/point_cloud.hpp"
#include "scene_colors.hpp"

namespace ptattn::tools {

/// Makes one cloud of a scene as it is drawn: x, y, z (float64, as in the inputs), red, green, blue
/// as PLY files have them (readers of PCD files expect float32 coordinates), and the field that is
/// shown where it is one number a point and of one type in all clouds. Only points that are drawn
/// are in it, cloud after cloud.
[[nodiscard]] PointCloud cloud_as_shown(const Scene& scene, const SceneColors& colors);

}  // namespace ptattn::tools
