#include "ptattn/train/ptv3/ptv3_scene.hpp"

#include <functional>
#include <new>

#include "ptattn/models/ptv3/input.hpp"
#include "ptattn/models/ptv3/patches.hpp"
#include "ptattn/models/ptv3/serialization.hpp"
#include "ptattn/neighbors/voxel_hash.hpp"

namespace ptattn::train {
namespace {

constexpr int kStemRadius = 2;
constexpr std::size_t kStemVolume = 125;
constexpr std::size_t kCpeVolume = 27;

/// Orders of the encoder's blocks and of the decoder's.
void cut_patches_of(const Ptv3Config& config, std::size_t s, Ptv3Stage& stage,
                    ScratchMemory& scratch) {
  order_along(curves_used(config, s), stage.level, scratch);
  const auto patches = ptv3_patches(config, s, stage.level, nullptr, scratch);
  const std::size_t count = stage.level.orders.size();
  stage.encoder_orders = scratch.take<PatchOrder>(count);
  stage.decoder_orders = scratch.take<PatchOrder>(count);
  for (std::size_t o = 0; o < count; ++o) {
    const PatchOrder order{stage.level.orders[o], patches[o]};
    stage.encoder_orders[o] = stage.decoder_orders[o] = order;
    if (!decoder_regroups(config, s)) continue;
    const Ptv3Grouping groups =
        ptv3_regrouped(config, s, stage.level, order.rows, order.patches, scratch);
    stage.decoder_orders[o] = {groups.rows, groups.patches};
  }
}

/// Fills in the kernel map of a level.
void find_neighbors(Ptv3Level& level, ScratchMemory& scratch) {
  level.neighbors = KernelMap(level.size(), kCpeVolume, scratch);
  {
    ScratchMemory temporary;
    const VoxelHash hash(level.cells, level.ends, temporary);
    const VoxelWindows windows(level, hash, 1);
    level.neighbors.build(std::cref(windows));
  }
  level.neighbors.trim(scratch);
}

KernelMap stem_map(const Ptv3Level& level, ScratchMemory& scratch) {
  KernelMap map(level.size(), kStemVolume, scratch);
  {
    ScratchMemory temporary;
    const VoxelHash hash(level.cells, level.ends, temporary);
    const VoxelWindows windows(level, hash, kStemRadius);
    map.build(std::cref(windows));
  }
  map.trim(scratch);
  return map;
}

}  // namespace

Ptv3Scene ptv3_scene(const Ptv3Config& config, const PointInput& input, ScratchMemory& scratch) {
  const Ptv3Input sorted = read_ptv3_input(input, config.in_channels, scratch);
  Ptv3Scene scene{};
  scene.rows = sorted.rows;
  scene.stages = scratch.take<Ptv3Stage>(config.encoder.size());
  for (std::size_t s = 0; s < scene.stages.size(); ++s) {
    Ptv3Stage& stage = *::new (&scene.stages[s]) Ptv3Stage{};
    if (s == 0) {
      stage.level = sorted.level;
    } else {
      const Ptv3Level& fine = scene.stages[s - 1].level;
      const Ptv3Step step = step_to(config, s, fine.depth);
      const Ptv3Pooling pooling = pool(fine, step.stride, scratch);
      stage.level = coarser(fine, step.stride, pooling, scratch);
      stage.level.depth = step.depth ? *step.depth : serialization_depth(stage.level.cells);
      stage.segments = {pooling.members, pooling.begins};
      stage.parents = pooling.cells;
    }
    cut_patches_of(config, s, stage, scratch);
    find_neighbors(stage.level, scratch);
  }
  scene.stem = stem_map(scene.stages.front().level, scratch);
  return scene;
}

}  // namespace ptattn::train
