#include "ptattn/tasks/segment/voxel_smoothing.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "ptattn/cloud/rows.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/neighbors/kd_tree.hpp"
#include "ptattn/nn/pooling/kernel_regression.hpp"
#include "ptattn/tasks/geometry/neighborhood.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kNeighbors = 33;
constexpr double kReach = 4.0;  // voxels that are one bandwidth
constexpr float kHeightWeight = 1.5F;
constexpr std::size_t kVoxelsPerTask = 4096;

std::vector<std::size_t> height_channels(const SceneProfile& profile) {
  std::vector<std::size_t> columns;
  for (std::size_t c = 0; c < profile.channels.size(); ++c) {
    if (profile.channels[c].kind == ChannelKind::kAbove) columns.push_back(c);
  }
  return columns;
}

/// Positions and heights, in bandwidths.
Matrix alike_by(const Matrix& positions, MatrixView channels, const SceneProfile& profile) {
  const std::vector<std::size_t> heights = height_channels(profile);
  const auto scale = static_cast<float>(1.0 / (kReach * profile.voxel));
  Matrix rows(positions.rows(), 3 + heights.size());
  parallel_each(rows.rows(), kVoxelsPerTask, [&](std::size_t i) {
    float* const row = rows.row(i);
    for (std::size_t axis = 0; axis < 3; ++axis) row[axis] = positions(i, axis) * scale;
    for (std::size_t h = 0; h < heights.size(); ++h) {
      row[3 + h] = kHeightWeight * channels(i, heights[h]);
    }
  });
  return rows;
}

}  // namespace

Matrix smooth_probabilities(const PreparedScene& scene, const SceneProfile& profile,
                            MatrixView probabilities) {
  const Matrix positions = rows_relative_to({}, scene.voxels.means);
  const Matrix rows = alike_by(positions, scene.channels, profile);
  const KdTree tree(positions);
  const float bandwidth = 1.0F;
  Matrix smoothed(probabilities.rows, probabilities.cols);
  for_each_block(tree, positions, {.k = kNeighbors}, [&](const NeighborhoodBlock& near) {
    const std::size_t count = near.queries.rows;
    neighbor_kernel_regression(rows.view().rows_range(near.first, count), {rows, probabilities},
                               near.lists.indices, {.bandwidth = std::span(&bandwidth, 1)},
                               smoothed.view().rows_range(near.first, count));
  });
  return smoothed;
}

}  // namespace ptattn
