#include "ptattn/tasks/scene/features.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "ptattn/core/parallel.hpp"
#include "ptattn/tasks/scene/channels.hpp"
#include "ptattn/tasks/scene/ground_planes.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kBlockVoxels = 1024;  // whose channels are written one after the other

// Channels are made in three turns, so that surroundings, planes and the others are not in memory
// together. NeighborhoodShape take most and come first, while the features have not been written
// yet.
constexpr std::size_t kTurns = 3;

std::size_t turn_of(ChannelKind kind) {
  switch (kind) {
    case ChannelKind::kThickness:
    case ChannelKind::kScatter:
    case ChannelKind::kVertical:
    case ChannelKind::kVoxelCount:
      return 0;
    case ChannelKind::kPlane:
      return 1;
    default:
      return 2;
  }
}

std::uint32_t reach_of(const Channel& channel) {
  constexpr std::uint32_t kFits = 2;
  constexpr std::uint32_t kNormals = 8;
  const auto parameter = static_cast<std::uint32_t>(channel.parameter);
  switch (channel.kind) {
    case ChannelKind::kAbove:
    case ChannelKind::kBelow:
    case ChannelKind::kUnderTop:
      return parameter;  // an opening looks half of its window far, twice
    case ChannelKind::kThickness:
    case ChannelKind::kScatter:
    case ChannelKind::kVertical:
    case ChannelKind::kVoxelCount:
      return 2U << parameter;  // cells next to the own one
    case ChannelKind::kPlane:
      return static_cast<std::uint32_t>(kGroundOpening) + (kFits * 2U << parameter);
    case ChannelKind::kNormal:
      return kNormals;
    default:
      return 0;
  }
}

/// Writes the channels in these columns, all of a block of voxels while it is in the
/// cache.
void write_channels(ChannelMaker& maker, std::span<const Channel> channels,
                    std::span<const std::size_t> columns, MutableMatrixView features) {
  std::vector<ChannelWriter> writers;
  for (const std::size_t c : columns) writers.push_back(maker.make(channels[c]));
  const std::size_t blocks = (features.rows + kBlockVoxels - 1) / kBlockVoxels;
  parallel_each(blocks, 1, [&](std::size_t block) {
    const std::size_t begin = block * kBlockVoxels;
    const std::size_t end = std::min(begin + kBlockVoxels, features.rows);
    for (std::size_t i = 0; i < writers.size(); ++i) writers[i]({begin, end, features, columns[i]});
  });
}

}  // namespace

SceneFeatures scene_features(const PointCloud& cloud, const SceneVoxels& scene,
                             const SceneProfile& profile, const FieldStatistics* whole) {
  SceneFeatures features;
  features.values = Matrix(scene.size(), profile.channels.size());
  if (scene.size() == 0) return features;
  std::array<std::vector<std::size_t>, kTurns> turns;
  for (std::size_t c = 0; c < profile.channels.size(); ++c) {
    turns[turn_of(profile.channels[c].kind)].push_back(c);
  }
  ChannelMaker maker(cloud, scene, profile, whole);
  for (const auto& columns : turns) {
    write_channels(maker, profile.channels, columns, features.values);
  }
  features.notes = maker.notes();
  return features;
}

std::uint32_t channel_reach(const SceneProfile& profile) {
  std::uint32_t reach = 0;
  for (const Channel& channel : profile.channels) reach = std::max(reach, reach_of(channel));
  return reach;
}

}  // namespace ptattn
