#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/models/point_network.hpp"
#include "ptattn/models/ptv3/level.hpp"
#include "ptattn/train/layers/patch_attention.hpp"
#include "ptattn/train/layers/segment_pooling.hpp"
#include "ptattn/train/unet/unet_block.hpp"

namespace ptattn::train {

/// Represents one resolution of the clouds of a step, a view.
struct UnetStage {
  Ptv3Level level;                       ///< with its kernel map
  std::span<PatchOrder> encoder_orders;  ///< of the blocks, in turn; empty: none attends
  std::span<PatchOrder> decoder_orders;
  BlockRotation encoder_rotation;
  BlockRotation decoder_rotation;
  Segments segments;                       ///< rows of the finer stage by row of this one
  std::span<const std::uint32_t> parents;  ///< row of this stage of each row of the finer one
};

/// All that a network needs to know of the voxels of a step. Lies in scratch memory.
struct UnetScene {
  std::span<UnetStage> stages;          ///< the finest first
  std::span<const std::uint32_t> rows;  ///< [n] input row of each row of the finest stage
  KernelMap stem;                       ///< 5^3 offsets
};

/// Fills in the kernel map of a level, 3^3 offsets, in memory of `scratch`.
void find_neighbors(Ptv3Level& level, ScratchMemory& scratch);

/// Returns which rows of a level meet in a convolution of 5^3 offsets.
[[nodiscard]] KernelMap stem_neighbors(const Ptv3Level& level, ScratchMemory& scratch);

/// The next coarser stage, of cells / stride; neither serialised nor given a depth or neighbours.
/// @param memory  uninitialised
void begin_coarser_stage(const Ptv3Level& fine, std::size_t stride, UnetStage& memory,
                         ScratchMemory& scratch);

}  // namespace ptattn::train
