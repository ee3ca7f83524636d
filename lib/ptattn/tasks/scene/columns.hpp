#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ptattn/core/raw_vector.hpp"
#include "ptattn/tasks/scene/column_filters.hpp"
#include "ptattn/tasks/scene/voxels.hpp"

namespace ptattn {

/// Holds the least and the largest z of the points of a voxel.
struct HeightRange {
  double low;
  double high;
};

/// Computes the height range of every voxel. Time O(points); parallel; the same result for any
/// thread count.
[[nodiscard]] RawVector<HeightRange> height_ranges_of(const SceneVoxels& scene);

/// Lists the occupied vertical columns of a scene, in lexicographic order.
struct SceneColumns {
  std::vector<VoxelColumn> columns;
  std::vector<std::uint32_t> of_voxel;  ///< [voxels]
  std::vector<double> low;              ///< [columns] least z of the points
  std::vector<double> high;             ///< [columns] largest z
};

/// @param height_ranges  of the scene's voxels
/// Time O(voxels); parallel; the same result for any thread count.
[[nodiscard]] SceneColumns columns_of(const SceneVoxels& scene,
                                      std::span<const HeightRange> height_ranges);

}  // namespace ptattn
