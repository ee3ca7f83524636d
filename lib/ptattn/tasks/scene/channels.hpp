#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/models/scene_profile.hpp"
#include "ptattn/tasks/scene/channel_writer.hpp"
#include "ptattn/tasks/scene/field_channels.hpp"
#include "ptattn/tasks/scene/height_channels.hpp"
#include "ptattn/tasks/scene/shape_channels.hpp"

namespace ptattn {

/// Makes the channels of a scene (formulas: tasks/scene/features.hpp) one by one; each family of
/// channels computes once what several of them need. Refers to its arguments.
class ChannelMaker {
 public:
  /// @param whole   of the cloud that this one is a part of; null: it is a whole
  /// @param wanted  voxels whose channels will be written; empty: all
  ChannelMaker(const PointCloud& cloud, const SceneVoxels& scene, const SceneProfile& profile,
               const FieldStatistics* whole = nullptr, std::span<const VoxelRun> wanted = {})
      : scene_(scene),
        profile_(profile),
        heights_(scene, profile),
        shapes_(scene, profile, wanted),
        fields_(cloud, scene, profile, whole) {}

  /// Returns what writes a channel, as long as this lives. Planes and surroundings belong to the
  /// writers of their channels and go with the last of these.
  [[nodiscard]] ChannelWriter make(const Channel& channel);
  /// Returns what the cloud lacks for the channels made so far and what stood in for it, a line
  /// each.
  [[nodiscard]] const std::vector<std::string>& notes() const { return fields_.notes(); }

 private:
  [[nodiscard]] ChannelWriter position(std::size_t axis);

  const SceneVoxels& scene_;
  const SceneProfile& profile_;
  HeightChannels heights_;
  ShapeChannels shapes_;
  FieldChannels fields_;
};

}  // namespace ptattn
