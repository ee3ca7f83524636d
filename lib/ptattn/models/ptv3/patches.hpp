#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ptattn/models/patch_cuts.hpp"
#include "ptattn/models/ptv3/config.hpp"
#include "ptattn/models/ptv3/level.hpp"

namespace ptattn {

/// Says how a stage follows from the one before it.
struct PoolingStep {
  std::size_t stride;        ///< of cells
  std::optional<int> depth;  ///< bits of a coordinate in the coarser level; absent: count them
};

/// Returns the step to stage `stage`, at least 1, from one whose coordinates have `depth` bits.
/// Codes of mode m1 lose a triple of bits for every halving; a level that has too few stays as it
/// is.
[[nodiscard]] PoolingStep step_to(const Ptv3Config& config, std::size_t stage, int depth);

/// Returns those of a stage's curves that its blocks go along.
[[nodiscard]] std::span<const Curve> curves_used(const Ptv3Config& config, std::size_t stage);

/// Holds rows along an order and the patches that they are cut into, a view.
struct Ptv3Grouping {
  std::span<const std::uint32_t> rows;
  std::span<const Patch> patches;  ///< items of `rows`
};

/// Returns true where the blocks of the decoder's stage do not attend to the encoder's patches.
///
/// The public code cuts a level once, when the first block comes to it. A decoder of another patch
/// size gets the encoder's patches with flash attention, if they are no larger than its own; in all
/// other cases it cuts the sequence of the encoder's patches again.
[[nodiscard]] bool decoder_regroups(const Ptv3Config& config, std::size_t stage);

/// Returns the encoder's patches as one sequence (of the last patch of a cloud its own voxels
/// first, then its padding), in groups of the decoder's patch size, or of the smallest cloud's; in
/// memory of `scratch`.
/// @throws Error(Fault::kModel) when the sequence does not come out even, which the public code
///         cannot compute either
[[nodiscard]] Ptv3Grouping ptv3_decoder_patches(const Ptv3Config& config, std::size_t stage,
                                                const Ptv3Level& level,
                                                std::span<const std::uint32_t> order,
                                                std::span<const Patch> patches,
                                                ScratchMemory& scratch);

/// Returns the grids of the stages of a scene; empty for a network whose decoder regroups, as the
/// parts of a scene do not come out even.
/// @param largest  the largest x, y and z of the scene's cells
[[nodiscard]] std::vector<PatchGrid> ptv3_patch_grids(const Ptv3Config& config,
                                                      const Cell& largest);

/// Returns where the patches of a scene begin, stage by stage, order by order; empty for a network
/// whose decoder regroups, as the parts of a scene do not come out even.
/// @param scene  cells of all voxels, each once
/// Time O(n log n), memory some 40 bytes a voxel; the same result for any thread count.
[[nodiscard]] PatchCuts ptv3_scene_patches(const Ptv3Config& config, std::span<const Cell> scene);

/// Returns the patches of a level of stage `stage` along each of its orders, in memory of
/// `scratch`.
/// @param cuts  of the scene that the level is a part of; null: it is a whole
[[nodiscard]] std::span<std::span<const Patch>> ptv3_patches(const Ptv3Config& config,
                                                             std::size_t stage,
                                                             const Ptv3Level& level,
                                                             const PatchCuts* cuts,
                                                             ScratchMemory& scratch);

}  // namespace ptattn
