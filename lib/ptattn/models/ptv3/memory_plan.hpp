#pragma once

#include <cstddef>

#include "ptattn/models/ptv3/config.hpp"

namespace ptattn {

/// Holds bytes that a pass takes for each voxel of a large scene, by what they hold. Most voxels
/// are in the finest stage; what lives in it at once counts.
struct Ptv3MemoryPlan {
  std::size_t lists = 0;     ///< cells, positions, rows, orders, kernel map and pooling
  std::size_t features = 0;  ///< of the encoder or the decoder, whichever are wider
  std::size_t input = 0;     ///< channels and hash, while the first features are made
  std::size_t block = 0;     ///< what comes up from below, second features and angles
  std::size_t below = 0;     ///< the next stage, of a third as many voxels, while it is made
  std::size_t output = 0;    ///< scores or features

  /// Returns all that lives at once, and a tenth for the stages below.
  [[nodiscard]] std::size_t bytes_per_voxel() const;
};

/// Plans the memory of a network, for surfaces: within 30 % of what was measured.
[[nodiscard]] Ptv3MemoryPlan ptv3_memory_plan(const Ptv3Config& config, std::size_t out_channels);

/// Returns what a pass takes for each voxel of a sparse scene, in which cells of twice the edge
/// hold hardly more than one voxel, so that the stages below are nearly as large as the finest: as
/// of a survey of 0.3 points/m2 in voxels of half a metre. More than twice what surfaces take.
[[nodiscard]] std::size_t ptv3_bytes_per_sparse_voxel(const Ptv3Config& config,
                                                      std::size_t out_channels);

/// Returns the bytes of a pass over `voxels` voxels on the calling thread's ScratchMemory, some of
/// which are never touched: a kernel map is taken as if every neighbour existed.
[[nodiscard]] std::size_t planned_bytes(const Ptv3MemoryPlan& plan, const Ptv3Config& config,
                                        std::size_t voxels);

}  // namespace ptattn
