#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/core/matrix.hpp"
#include "ptattn/models/scene_profile.hpp"
#include "ptattn/tasks/scene/field_statistics.hpp"
#include "ptattn/tasks/scene/voxels.hpp"

namespace ptattn {

/// Holds what a network over voxels sees of a cloud.
struct PreparedScene {
  SceneVoxels voxels;
  Matrix channels;  ///< [voxels, channels of the profile], see scene_features
  /// What the cloud lacks and what stood in for it, and the points that are left out, a line each.
  std::vector<std::string> notes;

  [[nodiscard]] std::size_t size() const { return voxels.size(); }
};

/// Cuts a cloud into voxels and computes their channels, as `profile` says. Labels, attention maps,
/// layer features and training all begin here.
/// @param turn  of an object; scenes stay as they are
/// @throws Error(Fault::kInput) as `voxelize`
/// Time O(n log n); parallel; the same bits for any thread count.
[[nodiscard]] PreparedScene prepare_scene(const PointCloud& cloud, const SceneProfile& profile,
                                          const Rotation& turn = {});

/// Holds what a part of a scene must know of the whole to be seen as it is within it.
struct WholeScene {
  SceneBox box{};
  FieldStatistics fields{};
};

/// Prepares a part of a scene. Its channels are those that it has within the whole as far as the
/// part reaches channel_reach() beyond them.
/// @param cloud   points with finite coordinates, none of them stray
/// @param wanted  says which voxels the scene shall hold, ascending; the others are only looked at.
///                Empty: all of them
[[nodiscard]] PreparedScene prepare_part(
    const PointCloud& cloud, const SceneProfile& profile, const WholeScene& whole,
    const std::function<std::vector<VoxelRun>(const SceneVoxels& all)>& wanted = {});

}  // namespace ptattn
