#include "ptattn/train/batch.hpp"

#include <algorithm>
#include <utility>

#include "ptattn/cloud/rows.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/tasks/scene/prepared_scene.hpp"

namespace ptattn::train {
namespace {

constexpr std::size_t kVoxelsPerTask = 2048;

/// Points per label in each voxel.
std::vector<float> count_labels(const SceneVoxels& scene, std::span<const Label> labels,
                                std::size_t columns) {
  std::vector<float> counts(scene.size() * columns, 0.0F);
  parallel_each(scene.size(), kVoxelsPerTask, [&](std::size_t v) {
    for (const std::uint32_t row : scene.members(v)) {
      const Label label = labels[scene.points[row]];
      if (label != kUnlabelled) counts[v * columns + label] += 1.0F;
    }
  });
  return counts;
}

template <class T>
void append_values(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

PointInput Batch::input() const {
  return {.positions = positions,
          .features = features,
          .grid = grid,
          .ends = ends,
          .category = {},
          .cuts = nullptr};
}

VoxelSample make_voxel_sample(const LabelledCloud& cloud, const LabelSpace& space,
                              const SceneProfile& profile) {
  const PointCloud points = to_point_cloud(cloud);
  PreparedScene prepared = prepare_scene(points, profile);
  const SceneVoxels& scene = prepared.voxels;
  VoxelSample sample;
  Batch& batch = sample.batch;
  batch.features = std::move(prepared.channels);
  batch.positions = rows_relative_to({}, scene.means);
  batch.grid.resize(scene.size() * 3);
  sample.voxel_of_point.resize(cloud.size());
  parallel_each(scene.size(), kVoxelsPerTask, [&](std::size_t v) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      batch.grid[v * 3 + axis] = static_cast<std::int32_t>(scene.cells[v][axis]);
    }
    for (const std::uint32_t row : scene.members(v)) {
      sample.voxel_of_point[scene.points[row]] = static_cast<std::uint32_t>(v);
    }
  });
  batch.ends = {scene.size()};
  batch.counts = count_labels(scene, cloud.labels, space.size());
  return sample;
}

Batch join(std::span<const Batch> batches) {
  std::size_t rows = 0;
  for (const Batch& batch : batches) rows += batch.rows();
  Batch joined;
  if (batches.empty()) return joined;
  joined.positions = Matrix(rows, 3);
  const std::size_t channels = batches.front().features.cols();
  if (channels > 0) joined.features = Matrix(rows, channels);
  std::size_t begin = 0;
  for (const Batch& batch : batches) {
    std::ranges::copy(batch.positions.values(), joined.positions.row(begin));
    if (channels > 0) std::ranges::copy(batch.features.values(), joined.features.row(begin));
    append_values(joined.grid, batch.grid);
    append_values(joined.counts, batch.counts);
    for (const std::size_t end : batch.ends) joined.ends.push_back(begin + end);
    begin += batch.rows();
  }
  return joined;
}

Targets targets_of(const Batch& batch, const LabelSpace& space) {
  return {.classes = space.classes.size(), .exclusions = space.exclusions, .counts = batch.counts};
}

}  // namespace ptattn::train
