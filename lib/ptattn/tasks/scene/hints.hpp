#pragma once

#include <span>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/models/scene_profile.hpp"
#include "ptattn/tasks/geometry/hint.hpp"
#include "ptattn/tasks/scene/voxels.hpp"

namespace ptattn {

/// Says what makes it unlikely that a scene lies as the model expects it; nothing for fewer than
/// 100 points; what `object_hints` says for models of objects, which take any unit:
///
///   float    coordinates are float32, or rounded to it, and so large that their steps exceed half
///            a voxel
///   flat     see flat_hint
///   unit     `guess_unit` finds another one than metres
///   heights  the reference system of the file gives z another unit than x and y
///   extent   it reaches over fewer than 16 voxels (kilometres instead of metres, or no scene)
///   spacing  half of its voxels have no other one within 16 voxels (millimetres or centimetres)
///   up       z is not the axis that `scene_pose` finds
///   tilt     the ground is a plane tilted by more than 12 degrees (30 where it is rough), over 64
///            voxels and more; half of it lies nearer to the plane than a tenth of the extent
///   object   it is flat along no axis and half as high as it is wide
///   returns  return numbers exceed numbers of returns, which the model uses: fields are swapped
///   density  it has fewer points a square metre than `profile.min_density`
///
/// @param share  of the cloud's points that are here, where it was thinned for a quick look
/// Time O(n log n); the same lines for any thread count.
[[nodiscard]] std::vector<Hint> scene_hints(const PointCloud& cloud, const SceneVoxels& scene,
                                            const SceneProfile& profile, double share = 1.0);

/// Says why coordinates may not have z up and be in metres: `heights`, `unit` and `up` of the
/// above, for which no model is needed.
/// @param positions  of the cloud, finite, without strays
/// Time O(n).
[[nodiscard]] std::vector<Hint> frame_hints(const PointCloud& cloud,
                                            std::span<const Position> positions);

}  // namespace ptattn
