#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/models/point_network.hpp"
#include "ptattn/models/ptv3/config.hpp"
#include "ptattn/models/ptv3/level.hpp"
#include "ptattn/train/layers/patch_attention.hpp"
#include "ptattn/train/layers/segment_pooling.hpp"

namespace ptattn::train {

/// One resolution of the clouds of a step, a view.
struct Ptv3Stage {
  Ptv3Level level;                       ///< serialised, with its kernel map
  std::span<PatchOrder> encoder_orders;  ///< of the blocks, in turn
  std::span<PatchOrder> decoder_orders;
  Segments segments;                       ///< rows of the finer stage by row of this one
  std::span<const std::uint32_t> parents;  ///< row of this stage of each row of the finer one
};

/// All that Point Transformer V3 (mode m1) needs to know of the voxels of a step: the same levels,
/// orders and patches as in inference. Lies in scratch memory.
struct Ptv3Scene {
  std::span<Ptv3Stage> stages;          ///< the finest first
  std::span<const std::uint32_t> rows;  ///< [n] input row of each row of the finest stage
  KernelMap stem;                       ///< 5^3 places
};

/// @throws Error(Fault::kUsage) when shapes do not fit, a cell is negative or beyond the grid, or
///         `ends` do not ascend to n
/// Time O(n log n), in parallel.
[[nodiscard]] Ptv3Scene ptv3_scene(const Ptv3Config& config, const PointInput& input,
                                   ScratchMemory& scratch);

}  // namespace ptattn::train
