#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/models/point_network.hpp"
#include "ptattn/models/scene_profile.hpp"
#include "ptattn/train/labelled_cloud.hpp"
#include "ptattn/train/loss.hpp"

namespace ptattn::train {

/// Holds what a step sees of one or several clouds, one after the other.
struct Batch {
  Matrix positions;                ///< [n, 3]
  Matrix features;                 ///< [n, channels]; empty for networks that see positions only
  std::vector<std::int32_t> grid;  ///< [n, 3]; empty for networks without voxels
  std::vector<std::size_t> ends;   ///< row behind the last of each cloud
  /// [rows of scores, labels of the space]: points per label, see Targets::counts.
  std::vector<float> counts;

  [[nodiscard]] std::size_t rows() const { return positions.rows(); }
  [[nodiscard]] PointInput input() const;
};

/// Represents a cloud as a network sees it.
struct VoxelSample {
  Batch batch;                                ///< of this one cloud
  std::vector<std::uint32_t> voxel_of_point;  ///< [points]
};

/// Prepares voxels and channels by the code that inference uses, and counts labels per voxel.
/// @throws Error(Fault::kInput) as `voxelize`
[[nodiscard]] VoxelSample make_voxel_sample(const LabelledCloud& cloud, const LabelSpace& space,
                                            const SceneProfile& profile);

/// Puts batches of one cloud each behind one another.
[[nodiscard]] Batch join(std::span<const Batch> batches);

/// Views the counts of a batch as targets.
[[nodiscard]] Targets targets_of(const Batch& batch, const LabelSpace& space);

}  // namespace ptattn::train
