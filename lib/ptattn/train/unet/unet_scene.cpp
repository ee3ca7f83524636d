#include "ptattn/train/unet/unet_scene.hpp"

#include <functional>
#include <new>

#include "ptattn/neighbors/voxel_hash.hpp"

namespace ptattn::train {
namespace {

/// Of (2 radius + 1)^3 offsets.
KernelMap map_of(const Ptv3Level& level, int radius, ScratchMemory& scratch) {
  const auto side = static_cast<std::size_t>(2 * radius + 1);
  KernelMap map(level.size(), side * side * side, scratch);
  {
    ScratchMemory temporary;
    const VoxelHash hash(level.cells, level.ends, temporary);
    const VoxelWindows windows(level, hash, radius);
    map.build(std::cref(windows));
  }
  map.trim(scratch);
  return map;
}

}  // namespace

void find_neighbors(Ptv3Level& level, ScratchMemory& scratch) {
  level.neighbors = map_of(level, 1, scratch);
}

KernelMap stem_neighbors(const Ptv3Level& level, ScratchMemory& scratch) {
  return map_of(level, 2, scratch);
}

void begin_coarser_stage(const Ptv3Level& fine, std::size_t stride, UnetStage& memory,
                         ScratchMemory& scratch) {
  UnetStage& stage = *::new (&memory) UnetStage{};
  const Ptv3Pooling pooling = pool(fine, stride, scratch);
  stage.level = downsampled(fine, stride, pooling, scratch);
  stage.segments = {pooling.members, pooling.begins};
  stage.parents = pooling.cells;
}

}  // namespace ptattn::train
