#include "ptattn/tasks/scene/prepared_scene.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "ptattn/core/parallel.hpp"
#include "ptattn/tasks/scene/features.hpp"

namespace ptattn {

namespace {

constexpr std::size_t kRunsPerTask = 16;

/// Leaves these voxels, with their points.
SceneVoxels voxels_of_runs(const SceneVoxels& all, std::span<const VoxelRun> runs) {
  std::vector<std::uint32_t> first_voxel{0};
  std::vector<std::uint32_t> first_point{0};
  for (const VoxelRun& run : runs) {
    first_voxel.push_back(first_voxel.back() + static_cast<std::uint32_t>(run.end - run.begin));
    first_point.push_back(first_point.back() + all.starts[run.end] - all.starts[run.begin]);
  }
  SceneVoxels part;
  part.origin = all.origin;
  part.extent = all.extent;
  part.starts.resize(std::size_t{first_voxel.back()} + 1);
  part.starts[first_voxel.back()] = first_point.back();
  part.cells.resize(first_voxel.back());
  part.means.resize(first_voxel.back());
  part.positions.resize(first_point.back());
  part.points.resize(first_point.back());
  part.order.resize(first_point.back());
  parallel_each(runs.size(), kRunsPerTask, [&](std::size_t r) {
    std::uint32_t at = first_point[r];
    for (std::size_t v = runs[r].begin; v < runs[r].end; ++v) {
      const std::size_t to = first_voxel[r] + (v - runs[r].begin);
      part.starts[to] = at;
      part.cells[to] = all.cells[v];
      part.means[to] = all.means[v];
      for (const std::uint32_t row : all.members(v)) {
        part.positions[at] = all.positions[row];
        part.points[at] = all.points[row];
        part.order[at] = at;
        ++at;
      }
    }
  });
  return part;
}

}  // namespace

PreparedScene prepare_scene(const PointCloud& cloud, const SceneProfile& profile,
                            const Rotation& turn) {
  PreparedScene scene;
  scene.voxels = voxelize(cloud, profile, turn);
  SceneFeatures features = scene_features(cloud, scene.voxels, profile);
  scene.channels = std::move(features.values);
  scene.notes = std::move(features.notes);
  const std::string strays = stray_note(scene.voxels.strays, cloud.size());
  if (!strays.empty()) scene.notes.push_back(strays);
  return scene;
}

PreparedScene prepare_part(
    const PointCloud& cloud, const SceneProfile& profile, const WholeScene& whole,
    const std::function<std::vector<VoxelRun>(const SceneVoxels& all)>& wanted) {
  PreparedScene scene;
  scene.voxels = voxelize_part(cloud, profile, whole.box);
  if (!wanted) {
    SceneFeatures features = scene_features(cloud, scene.voxels, profile, &whole.fields);
    scene.channels = std::move(features.values);
    scene.notes = std::move(features.notes);
    return scene;
  }
  const std::vector<VoxelRun> runs = wanted(scene.voxels);
  if (runs.empty()) {
    scene.voxels = voxels_of_runs(scene.voxels, runs);
    scene.channels = Matrix(0, profile.channels.size());
    return scene;
  }
  SceneFeatures features = scene_features(cloud, scene.voxels, profile, &whole.fields, runs);
  scene.channels = std::move(features.values);
  scene.notes = std::move(features.notes);
  scene.voxels = voxels_of_runs(scene.voxels, runs);
  return scene;
}

}  // namespace ptattn
