#include "ptattn/tasks/scene/columns.hpp"

#include <algorithm>

#include "ptattn/core/listed_indices.hpp"
#include "ptattn/core/parallel.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kVoxelsPerTask = 4096;
constexpr std::size_t kColumnsPerTask = 1024;

}  // namespace

RawVector<HeightRange> height_ranges_of(const SceneVoxels& scene) {
  RawVector<HeightRange> height_ranges(scene.size());
  parallel_each(scene.size(), kVoxelsPerTask, [&](std::size_t v) {
    const auto members = scene.members(v);
    const double first = scene.positions[members.front()][2];
    HeightRange range{first, first};
    for (const std::uint32_t i : members) {
      const double z = scene.positions[i][2];
      range = {std::min(range.low, z), std::max(range.high, z)};
    }
    height_ranges[v] = range;
  });
  return height_ranges;
}

// Voxels are in lexicographic order, so those of a column stand together, the lowest first.
SceneColumns columns_of(const SceneVoxels& scene, std::span<const HeightRange> height_ranges) {
  const auto column_of = [&](std::size_t v) {
    return VoxelColumn{scene.cells[v][0], scene.cells[v][1]};
  };
  ScratchMemory scratch;
  const auto begins = listed_indices(
      scene.size(), [&](std::size_t v) { return v == 0 || column_of(v) != column_of(v - 1); },
      scratch);
  const std::size_t n = begins.size();
  SceneColumns result;
  result.columns.resize(n);
  result.of_voxel.resize(scene.size());
  result.low.resize(n);
  result.high.resize(n);
  parallel_each(n, kColumnsPerTask, [&](std::size_t c) {
    const std::size_t end = c + 1 < n ? begins[c + 1] : scene.size();
    result.columns[c] = column_of(begins[c]);
    result.low[c] = height_ranges[begins[c]].low;
    result.high[c] = height_ranges[end - 1].high;
    for (std::size_t v = begins[c]; v < end; ++v) {
      result.of_voxel[v] = static_cast<std::uint32_t>(c);
    }
  });
  return result;
}

}  // namespace ptattn
