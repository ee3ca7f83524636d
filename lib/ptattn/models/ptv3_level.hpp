#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/models/patch_cuts.hpp"
#include "ptattn/neighbors/voxel_hash.hpp"
#include "ptattn/nn/kernel_map.hpp"
#include "ptattn/sampling/curve.hpp"

namespace ptattn {

/// Voxels that attend to each other: places [begin, end) of a serialised order. The last patch of a
/// cloud borrows its head from the patch before, whose results count; its own are [owned, end).
struct Patch {
  std::size_t begin;
  std::size_t owned;
  std::size_t end;
};

/// Cuts every cloud into patches of `patch_size` voxels. A cloud of no more voxels than that is one
/// patch of its own size; else each patch has just that size, and every voxel one owner.
/// @param ends        voxel behind the last of each cloud
/// @param patch_size  at least 1
[[nodiscard]] std::vector<Patch> cut_patches(std::span<const std::size_t> ends,
                                             std::size_t patch_size);

/// The patches of a part of a cloud, where they are those of the whole: a patch that the part holds
/// in full is the same set of voxels.
/// @param codes  of the part along a curve, ascending
/// @param cuts   of the whole along the same curve
[[nodiscard]] std::vector<Patch> patches_of_part(std::span<const std::uint64_t> codes,
                                                 const PatchCuts::Order& cuts);

/// The voxels of one resolution. Rows go cloud by cloud along the Z curve, so that what is near in
/// space is near in memory, whatever order the voxels came in.
struct Ptv3Level {
  std::vector<Cell> cells;                         // [n]
  std::vector<std::size_t> ends;                   // row behind the last of each cloud
  int depth = 1;                                   // bits of a coordinate, for the curves
  Matrix positions;                                // [n, 3] metric
  std::vector<std::vector<std::uint32_t>> orders;  // [order][n], rows along each curve used
  std::unique_ptr<const KernelMap> neighbors;      // of 3^3 places

  [[nodiscard]] std::size_t size() const { return cells.size(); }
  /// Cloud of a row. Time O(log clouds).
  [[nodiscard]] std::size_t cloud_of(std::size_t row) const;
};

/// Finds the rows of the voxels around those of a level, (2 radius + 1)^3 a voxel.
/// @param hash  of the level's voxels; both must outlive the result
[[nodiscard]] FindNeighbors windows_around(const Ptv3Level& level, const VoxelHash& hash,
                                           int radius);

/// Fills `orders`, one a curve, and `neighbors`.
/// @param hash  of the level's voxels
void serialize(Ptv3Level& level, const VoxelHash& hash, std::span<const Curve> curves);

/// How rows of one level come together in the next coarser one.
struct Ptv3Pooling {
  std::vector<std::uint32_t> members;  // [n] rows, cell after cell of the coarser level
  std::vector<std::size_t> begins;     // [m + 1] into `members`
  std::vector<std::uint32_t> cells;    // [n] row of the coarser level that a row belongs to
};

/// Cells / stride in each direction.
[[nodiscard]] std::vector<Cell> divided(std::span<const Cell> cells, std::size_t stride);

/// The next coarser level, of cells / stride in each direction; positions are means. Neither
/// serialised nor given a depth.
[[nodiscard]] Ptv3Level coarser(const Ptv3Level& level, std::size_t stride, Ptv3Pooling& pooling);

}  // namespace ptattn
