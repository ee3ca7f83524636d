#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

#include "ptattn/core/matrix.hpp"
#include "ptattn/tasks/scene/voxels.hpp"

namespace ptattn {

/// Names a part of one column of the features.
struct ColumnPart {
  VoxelRun voxels;
  std::size_t row;  ///< of the first of these voxels in the features
  MutableMatrixView features;
  std::size_t column;
};

/// Writes a channel. Called for a block of voxels at a time, so that their values are computed
/// without further calls, and all channels of a block while it is in the cache.
using ChannelWriter = std::function<void(const ColumnPart&)>;

/// Returns the writer of a channel that is computed voxel by voxel.
/// @param value  double(std::size_t voxel)
template <class Value>
[[nodiscard]] ChannelWriter each_voxel(Value value) {
  return [value = std::move(value)](const ColumnPart& part) {
    std::size_t row = part.row;
    for (std::size_t v = part.voxels.begin; v < part.voxels.end; ++v, ++row) {
      part.features(row, part.column) = static_cast<float>(value(v));
    }
  };
}

/// Returns a function of a voxel, the mean over its points.
/// @param value  double(std::uint32_t row of SceneVoxels::positions)
template <class Value>
[[nodiscard]] auto mean_of(const SceneVoxels& scene, Value value) {
  return [&scene, value = std::move(value)](std::size_t v) {
    const auto members = scene.members(v);
    double sum = 0.0;
    for (const std::uint32_t i : members) sum += value(i);
    return sum / static_cast<double>(members.size());
  };
}

}  // namespace ptattn
