#pragma once

#include <cstddef>
#include <map>
#include <memory>

#include "ptattn/models/scene_profile.hpp"
#include "ptattn/tasks/scene/channel_writer.hpp"
#include "ptattn/tasks/scene/neighborhood_shape.hpp"

namespace ptattn {

/// Makes the channels of a voxel's surroundings: their thickness, scatter, vertical share and
/// number. What the surroundings of a level look like belongs to the writers of its channels and
/// goes with the last of these. Refers to its arguments.
class ShapeChannels {
 public:
  /// @param wanted  voxels whose channels will be written; empty: all
  ShapeChannels(const SceneVoxels& scene, const SceneProfile& profile,
                std::span<const VoxelRun> wanted)
      : scene_(scene), profile_(profile), wanted_(wanted) {}

  /// Makes a channel, which may be used as long as this lives.
  /// @param channel  kThickness, kScatter, kVertical or kVoxelCount
  [[nodiscard]] ChannelWriter make(const Channel& channel);

 private:
  using Shapes = CellValues<NeighborhoodShape>;

  const SceneVoxels& scene_;
  const SceneProfile& profile_;
  std::span<const VoxelRun> wanted_;
  std::map<std::size_t, std::weak_ptr<const Shapes>> shapes_;  ///< by level
};

}  // namespace ptattn
