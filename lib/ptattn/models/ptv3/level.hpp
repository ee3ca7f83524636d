#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/models/patch_cuts.hpp"
#include "ptattn/neighbors/voxel_hash.hpp"
#include "ptattn/nn/kernel_map.hpp"
#include "ptattn/sampling/curve.hpp"

namespace ptattn {

/// Bounds the voxels that attend to each other: items [begin, end) of a serialised order. The last
/// patch of a cloud is padded at its head with the end of the patch before, whose results count;
/// its own items are [first_own, end).
struct Patch {
  std::size_t begin;
  std::size_t first_own;
  std::size_t end;
};

/// Cuts every cloud into patches of `patch_size` voxels. A cloud of no more voxels than that is one
/// patch of its own size; else each patch has just that size, and every voxel one owner.
/// @param ends        voxel behind the last of each cloud
/// @param patch_size  at least 1
/// @return            in memory of `scratch`
[[nodiscard]] std::span<const Patch> cut_patches(std::span<const std::size_t> ends,
                                                 std::size_t patch_size, ScratchMemory& scratch);

/// Returns the patches of a part of a cloud, where they are those of the whole: a patch that the
/// part holds in full is the same set of voxels.
/// @param codes   of the part along a curve, ascending
/// @param cuts    of the whole along the same curve
/// @param memory  [cuts.begins.size()], of which the result is the beginning
[[nodiscard]] std::span<const Patch> patches_of_part(std::span<const std::uint64_t> codes,
                                                     const PatchCuts::Order& cuts,
                                                     std::span<Patch> memory);

/// Represents the voxels of one resolution, a view. Rows go cloud by cloud along the Z curve, so
/// that what is near in space is near in memory, whatever order the voxels came in.
struct Ptv3Level {
  std::span<const Cell> cells;                       // [n]
  std::span<const std::size_t> ends;                 // row behind the last of each cloud
  int depth = 1;                                     // bits of a coordinate, for the curves
  MatrixView positions;                              // [n, 3] metric
  std::span<std::span<const std::uint32_t>> orders;  // [order][n], rows along each curve used
  KernelMap neighbors;                               // of 3^3 offsets

  [[nodiscard]] std::size_t size() const { return cells.size(); }
  /// Returns the cloud of a row. Time O(log clouds).
  [[nodiscard]] std::size_t cloud_of(std::size_t row) const;
};

/// Finds the rows of the voxels around those of a level, (2 radius + 1)^3 a voxel: std::cref of it
/// is a FindNeighbors. Refers to its arguments.
class VoxelWindows {
 public:
  /// @param hash  of the level's voxels
  VoxelWindows(const Ptv3Level& level, const VoxelHash& hash, int radius)
      : level_(level), hash_(hash), radius_(radius) {}

  void operator()(std::size_t begin, std::size_t end, std::span<std::uint32_t> rows) const;

 private:
  const Ptv3Level& level_;
  const VoxelHash& hash_;
  int radius_;
};

/// Fills `orders`, one a curve, in memory of `scratch`.
void order_along(std::span<const Curve> curves, Ptv3Level& level, ScratchMemory& scratch);

/// Says how rows of one level come together in the next coarser one, a view.
struct Ptv3Pooling {
  std::span<const std::uint32_t> members;  // [n] rows, cell after cell of the coarser level
  std::span<const std::uint32_t> cells;    // [n] row of the coarser level that a row belongs to
  std::span<const std::uint32_t> begins;   // [m + 1] into `members`

  /// Returns the rows of the coarser level.
  [[nodiscard]] std::size_t size() const { return begins.size() - 1; }
};

/// Writes keys that ascend with cloud, x, y and z.
/// @param keys  [n]
void lexicographic_keys(const Ptv3Level& level, std::span<std::uint64_t> keys);

/// Returns the cell of a grid that is coarser by `stride`: `cell` / stride in each direction.
[[nodiscard]] Cell coarse_cell(const Cell& cell, std::size_t stride);

/// Writes the codes along the Z curve of the cells of a grid that is coarser by `stride`.
/// @param codes  [n], written
void coarse_codes(std::span<const Cell> cells, std::span<const std::size_t> ends,
                  std::size_t stride, std::span<std::uint64_t> codes);

/// Brings rows together whose cells / stride are the same, in memory of `scratch`.
[[nodiscard]] Ptv3Pooling pool(const Ptv3Level& level, std::size_t stride, ScratchMemory& scratch);

/// Makes the next coarser level, of cells / stride in each direction, in memory of `scratch`;
/// positions are means. It is neither serialised nor given a depth.
/// @param pooling  of the level by that stride
[[nodiscard]] Ptv3Level downsampled(const Ptv3Level& level, std::size_t stride,
                                    const Ptv3Pooling& pooling, ScratchMemory& scratch);

}  // namespace ptattn
