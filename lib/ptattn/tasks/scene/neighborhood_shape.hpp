#pragma once

#include <cstddef>
#include <span>

#include "ptattn/tasks/scene/cell_groups.hpp"
#include "ptattn/tasks/scene/voxels.hpp"

namespace ptattn {

/// Describes the shape of what surrounds a voxel.
///
/// With cells of 2^level voxels: over the voxels in the 27 cells around a voxel's own, N is their
/// number, C the covariance (divided by N) of their means, every voxel counting once, l3 its
/// smallest eigenvalue and t its trace.
struct NeighborhoodShape {
  double deviation = 0.0;    ///< sqrt(l3), in the unit of the coordinates
  double scatter = 0.0;      ///< 3 l3 / t, 0 (flat) to 1 (alike in all directions)
  double vertical = 0.0;     ///< C_zz / t
  double voxel_count = 0.0;  ///< N
};

/// Computes the shape around every voxel; all but the count are 0 where N < 4 or t < 1e-6.
/// @param wanted  voxels whose surroundings are computed; those of others may be 0; empty: all
/// @return        by voxel
/// Time O(voxels); parallel; the same bits for any thread count.
[[nodiscard]] CellValues<NeighborhoodShape> neighborhood_shapes(
    const SceneVoxels& scene, std::size_t level, std::span<const VoxelRun> wanted = {});

}  // namespace ptattn
