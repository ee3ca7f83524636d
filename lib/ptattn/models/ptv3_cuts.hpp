#pragma once

#include <cstddef>
#include <span>

#include "ptattn/models/patch_cuts.hpp"
#include "ptattn/models/ptv3_config.hpp"
#include "ptattn/models/ptv3_level.hpp"

namespace ptattn {

/// How a stage follows from the one before it.
struct Ptv3Step {
  std::size_t stride;  ///< of cells
  int depth;           ///< bits of a coordinate in the coarser level; 0: count them
};

/// The step to stage `stage`, at least 1, from one whose coordinates have `depth` bits. Codes of
/// mode m1 lose a triple of bits for every halving; a level that has too few stays as it is.
[[nodiscard]] Ptv3Step step_to(const Ptv3Config& config, std::size_t stage, int depth);

/// How many of a stage's orders its blocks go through.
[[nodiscard]] std::size_t orders_used(const Ptv3Config& config, std::size_t stage);

/// Where the patches of a scene begin, stage by stage, order by order.
/// @param cells  of all voxels, each once
/// Time O(n log n), memory some 40 bytes a voxel; the same result for any thread count.
[[nodiscard]] PatchCuts ptv3_cuts(const Ptv3Config& config, std::span<const Cell> cells);

/// The patches of a serialised level of stage `stage` along each of its orders.
/// @param cuts  of the scene that the level is a part of; null: it is a whole
[[nodiscard]] std::vector<std::vector<Patch>> ptv3_patches(const Ptv3Config& config,
                                                           std::size_t stage,
                                                           const Ptv3Level& level,
                                                           const PatchCuts* cuts);

}  // namespace ptattn
