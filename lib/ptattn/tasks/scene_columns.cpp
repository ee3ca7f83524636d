#include "ptattn/tasks/scene_columns.hpp"

#include <algorithm>

#include "ptattn/core/parallel.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kVoxelsPerTask = 4096;

}  // namespace

std::vector<Reach> reaches_of(const SceneVoxels& scene) {
  std::vector<Reach> reaches(scene.size());
  parallel_each(scene.size(), kVoxelsPerTask, [&](std::size_t v) {
    const auto members = scene.members(v);
    const double first = scene.positions[members.front()][2];
    Reach reach{first, first};
    for (const std::uint32_t i : members) {
      const double z = scene.positions[i][2];
      reach = {std::min(reach.low, z), std::max(reach.high, z)};
    }
    reaches[v] = reach;
  });
  return reaches;
}

// Voxels are in lexicographic order, so those of a column stand together, the lowest first.
SceneColumns columns_of(const SceneVoxels& scene, std::span<const Reach> reaches) {
  SceneColumns result;
  result.of_voxel.resize(scene.size());
  for (std::size_t v = 0; v < scene.size(); ++v) {
    const Column2d column{scene.cells[v][0], scene.cells[v][1]};
    if (v == 0 || column != result.columns.back()) {
      result.columns.push_back(column);
      result.low.push_back(reaches[v].low);
      result.high.push_back(0.0);
    }
    result.high.back() = reaches[v].high;
    result.of_voxel[v] = static_cast<std::uint32_t>(result.columns.size() - 1);
  }
  return result;
}

}  // namespace ptattn
