#include "ptattn/tasks/scene/voxels.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "ptattn/cloud/bounds.hpp"
#include "ptattn/cloud/orientation.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/sampling/sort_order.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kPointsPerTask = 16384;
constexpr std::size_t kVoxelsPerTask = 4096;

/// The finite points of a cloud, in the frame that the model wants.
void take_points(SceneVoxels& scene, const PointCloud& cloud, const SceneProfile& profile) {
  scene.positions = cloud.positions();
  std::vector<std::size_t> finite = keep_finite(scene.positions);
  const bool is_scene = profile.frame == Frame::kScene;
  scene.strays = find_strays(scene.positions, is_scene ? Subject::kScene : Subject::kObject);
  if (!scene.strays.empty()) {
    drop_strays(scene.positions, scene.strays);
    scene.stray_rows = scene.strays.rows;
    for (std::uint32_t& row : scene.strays.rows) row = static_cast<std::uint32_t>(finite[row]);
    std::erase_if(finite, [&](std::size_t point) {
      return std::ranges::binary_search(scene.strays.rows, point);
    });
  }
  if (finite.size() < profile.min_points) {
    throw Error(Fault::kInput, cloud.name(),
                "has " + std::to_string(finite.size()) +
                    " points with finite coordinates, at least " +
                    std::to_string(profile.min_points) + " are needed");
  }
  scene.points.resize(finite.size());
  parallel_each(finite.size(), kPointsPerTask,
                [&](std::size_t i) { scene.points[i] = static_cast<std::uint32_t>(finite[i]); });
  if (is_scene) return;
  const UnitSphere sphere = unit_sphere(scene.positions);
  parallel_each(scene.positions.size(), kPointsPerTask, [&](std::size_t i) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      double& x = scene.positions[i][axis];
      x = (x - sphere.center[axis]) / sphere.radius;
    }
    scene.positions[i] = scene.turn(scene.positions[i]);
  });
}

/// Moves the origin; the number of voxels along each axis.
Cell move_to_origin(SceneVoxels& scene, const SceneBox& box, double voxel,
                    const std::string& name) {
  scene.origin = box.origin;
  scene.extent = box.extent;
  Cell across = box.largest_cell(voxel, name);
  for (std::uint32_t& voxels : across) ++voxels;
  parallel_each(scene.positions.size(), kPointsPerTask, [&](std::size_t i) {
    for (std::size_t axis = 0; axis < 3; ++axis) scene.positions[i][axis] -= scene.origin[axis];
  });
  return across;
}

/// The box of a whole.
SceneBox box_of(const SceneVoxels& scene) {
  const PositionBounds bounds = bounds_of(scene.positions);
  return {bounds.low, bounds.extent()};
}

/// Points voxel by voxel, and where each voxel begins.
void group_by_voxel(SceneVoxels& scene, double voxel, const Cell& extent) {
  const std::size_t n = scene.positions.size();
  RawVector<std::uint64_t> keys(n);
  parallel_each(n, kPointsPerTask, [&](std::size_t i) {
    const Position& p = scene.positions[i];
    keys[i] = (std::uint64_t{voxel_index(p[0], voxel)} * extent[1] + voxel_index(p[1], voxel)) *
                  extent[2] +
              voxel_index(p[2], voxel);
  });
  GroupOrder groups = group_order(keys);
  scene.order = std::move(groups.items);
  scene.starts = std::move(groups.begins);
}

void average(SceneVoxels& scene, double voxel) {
  const std::size_t voxels = scene.starts.size() - 1;
  scene.cells.resize(voxels);
  scene.means.resize(voxels);
  parallel_each(voxels, kVoxelsPerTask, [&](std::size_t v) {
    const auto members = scene.members(v);
    Position sum{};
    for (const std::uint32_t i : members) {
      for (std::size_t axis = 0; axis < 3; ++axis) sum[axis] += scene.positions[i][axis];
    }
    for (std::size_t axis = 0; axis < 3; ++axis) {
      scene.means[v][axis] = sum[axis] / static_cast<double>(members.size());
      scene.cells[v][axis] = voxel_index(scene.positions[members.front()][axis], voxel);
    }
  });
}

}  // namespace

Cell SceneBox::largest_cell(double voxel, const std::string& name) const {
  Cell largest{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const double index = std::floor(extent[axis] / voxel);
    if (index + 1.0 > static_cast<double>(kMaxVoxelsAcross)) {
      throw Error(Fault::kInput, name,
                  "reaches over more than " + std::to_string(kMaxVoxelsAcross) + " voxels along " +
                      std::string(1, "xyz"[axis]) + ", expected coordinates in metres");
    }
    largest[axis] = static_cast<std::uint32_t>(index);
  }
  return largest;
}

SceneVoxels voxelize_part(const PointCloud& cloud, const SceneProfile& profile,
                          const SceneBox& whole) {
  SceneVoxels scene;
  scene.positions = cloud.positions();
  scene.points.resize(cloud.size());
  parallel_each(cloud.size(), kPointsPerTask,
                [&](std::size_t i) { scene.points[i] = static_cast<std::uint32_t>(i); });
  if (scene.positions.empty()) {
    scene.starts.push_back(0);
    return scene;
  }
  const Cell across = move_to_origin(scene, whole, profile.voxel, cloud.name());
  group_by_voxel(scene, profile.voxel, across);
  average(scene, profile.voxel);
  return scene;
}

SceneVoxels voxelize(const PointCloud& cloud, const SceneProfile& profile, const Rotation& turn) {
  SceneVoxels scene;
  if (profile.frame == Frame::kObject) scene.turn = turn;
  take_points(scene, cloud, profile);
  if (scene.positions.empty()) {
    scene.starts.push_back(0);
    return scene;
  }
  const Cell extent = move_to_origin(scene, box_of(scene), profile.voxel, cloud.name());
  group_by_voxel(scene, profile.voxel, extent);
  average(scene, profile.voxel);
  return scene;
}

}  // namespace ptattn
