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

ChannelReach reach_of(const Channel& channel) {
  constexpr std::uint32_t kFits = 2;
  constexpr std::uint32_t kNormals = 8;
  const auto parameter = static_cast<std::uint32_t>(channel.parameter);
  switch (channel.kind) {
    case ChannelKind::kAbove:
    case ChannelKind::kBelow:
      return {.columns = parameter};  // an opening looks half of its window far, twice
    case ChannelKind::kPlane:
      return {.columns = static_cast<std::uint32_t>(kGroundOpening) + (kFits * 2U << parameter)};
    case ChannelKind::kUnderTop:
      return {.points = parameter};
    case ChannelKind::kThickness:
    case ChannelKind::kScatter:
    case ChannelKind::kVertical:
    case ChannelKind::kVoxelCount:
      return {.points = 2U << parameter};  // cells next to the own one
    case ChannelKind::kNormal:
      return {.points = kNormals};
    default:
      return {};
  }
}

/// Voxels whose channels are written one after the other.
struct Block {
  VoxelRun voxels;
  std::size_t row = 0;  ///< of the first of them in the features
};

std::vector<Block> blocks_of(std::span<const VoxelRun> runs) {
  std::vector<Block> blocks;
  std::size_t row = 0;
  for (const VoxelRun& run : runs) {
    for (std::size_t begin = run.begin; begin < run.end; begin += kBlockVoxels) {
      const std::size_t end = std::min(begin + kBlockVoxels, run.end);
      blocks.push_back({{begin, end}, row});
      row += end - begin;
    }
  }
  return blocks;
}

/// Writes the channels in these columns, all of a block of voxels while it is in the
/// cache.
void write_channels(ChannelMaker& maker, std::span<const Channel> channels,
                    std::span<const std::size_t> columns, std::span<const Block> blocks,
                    MutableMatrixView features) {
  std::vector<ChannelWriter> writers;
  for (const std::size_t c : columns) writers.push_back(maker.make(channels[c]));
  parallel_each(blocks.size(), 1, [&](std::size_t b) {
    for (std::size_t i = 0; i < writers.size(); ++i) {
      writers[i]({blocks[b].voxels, blocks[b].row, features, columns[i]});
    }
  });
}

}  // namespace

SceneFeatures scene_features(const PointCloud& cloud, const SceneVoxels& scene,
                             const SceneProfile& profile, const FieldStatistics* whole,
                             std::span<const VoxelRun> wanted) {
  const std::array<VoxelRun, 1> all{{{0, scene.size()}}};
  const std::vector<Block> blocks = blocks_of(wanted.empty() ? std::span(all) : wanted);
  const std::size_t rows =
      blocks.empty() ? 0
                     : blocks.back().row + blocks.back().voxels.end - blocks.back().voxels.begin;
  SceneFeatures features;
  features.values = Matrix(rows, profile.channels.size());
  if (rows == 0) return features;
  std::array<std::vector<std::size_t>, kTurns> turns;
  for (std::size_t c = 0; c < profile.channels.size(); ++c) {
    turns[turn_of(profile.channels[c].kind)].push_back(c);
  }
  ChannelMaker maker(cloud, scene, profile, whole, wanted);
  for (const auto& columns : turns) {
    write_channels(maker, profile.channels, columns, blocks, features.values);
  }
  features.notes = maker.notes();
  return features;
}

ChannelReach channel_reach(const SceneProfile& profile) {
  ChannelReach reach;
  for (const Channel& channel : profile.channels) {
    const ChannelReach of_channel = reach_of(channel);
    reach.points = std::max(reach.points, of_channel.points);
    reach.columns = std::max({reach.columns, of_channel.columns, reach.points});
  }
  return reach;
}

}  // namespace ptattn
