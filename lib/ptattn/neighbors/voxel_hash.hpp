#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "ptattn/core/cell.hpp"
#include "ptattn/core/index.hpp"
#include "ptattn/core/scratch_memory.hpp"

namespace ptattn {

/// Represents the row of the voxel at any place of a sparse grid, for one or several clouds.
///
/// The grid is cut into blocks of 4 x 4 x 4 voxels; occupied blocks lie in an open-addressing hash
/// table, their 64 rows side by side. So the 27 or 125 places around a voxel cost at most eight
/// look-ups, and rows in the order of a space-filling curve find their neighbours in the cache.
/// Immutable; safe from many threads.
class VoxelHash {
 public:
  /// Largest `radius` of Cursor::window.
  static constexpr int kMaxRadius = 4;

  /// @param cells  [n], n < 2^32 - 1. A cell that occurs again stands for its first row.
  /// @param ends   row behind the last of each cloud, ascending, the last of them n
  /// @throws       Error(Fault::kUsage) when 3 bits(largest coordinate / 4) + bits(clouds) > 63
  /// Time O(n), parallel but for the blocks' places in the table; memory 256 bytes an occupied
  /// block, and at most 68 bytes a run of rows in one block.
  VoxelHash(std::span<const Cell> cells, std::span<const std::size_t> ends);
  /// Makes the same in memory of `scratch`, which must live longer.
  VoxelHash(std::span<const Cell> cells, std::span<const std::size_t> ends, ScratchMemory& scratch);
  VoxelHash(VoxelHash&&) = default;
  VoxelHash& operator=(VoxelHash&&) = default;

  /// Returns the row of the voxel at `cell` of the cloud, or kNoIndex.
  [[nodiscard]] std::uint32_t find(std::size_t cloud, const Cell& cell) const;

  class Cursor;

 private:
  using Block = std::array<std::uint32_t, 64>;

  struct Slot {
    std::uint64_t key;
    std::uint32_t block;
  };

  /// Represents the input. Rows of one block that follow one another are a run.
  struct Rows {
    std::span<const Cell> cells;
    std::span<const std::size_t> ends;
  };

  /// @param scratch  null: memory of its own
  void build(const Rows& rows, ScratchMemory* scratch);
  [[nodiscard]] std::uint64_t key_of(const Rows& rows, std::size_t row) const;
  [[nodiscard]] std::uint64_t key(std::size_t cloud, const Cell& block) const;
  [[nodiscard]] std::size_t slot_of(std::uint64_t key) const;
  /// Returns the first rows of runs, ascending.
  [[nodiscard]] std::span<const std::uint32_t> runs_of(const Rows& rows,
                                                       ScratchMemory& scratch) const;
  /// Gives every block its slot; returns the number of blocks.
  std::size_t enter(const Rows& rows, std::span<const std::uint32_t> runs, std::span<Slot> slots);
  void fill(const Rows& rows, std::span<const std::uint32_t> runs, std::span<Block> blocks);
  /// Returns nullptr when it is outside the grid or empty.
  [[nodiscard]] const Block* block_at(std::size_t cloud, const std::array<int, 3>& block) const;

  unsigned block_bits_ = 0;            ///< of a block's coordinate
  unsigned shift_ = 0;                 ///< 64 - bits of a slot's number
  std::unique_ptr<Slot[]> own_slots_;  ///< empty where the memory is a ScratchMemory's
  std::unique_ptr<Block[]> own_blocks_;
  std::span<const Slot> slots_;
  std::span<const Block> blocks_;  ///< in the order of their first rows
};

/// Holds windows of cells one after the other: remembers the blocks around the last cell, so that
/// cells of one block, which follow one another along a space-filling curve, look them up only
/// once. Of one thread; refers to a hash that must outlive it.
class VoxelHash::Cursor {
 public:
  explicit Cursor(const VoxelHash& hash) : hash_(hash) {}

  /// Lists the rows of all voxels around `cell`, itself included: offsets from -radius to radius, z
  /// fastest and x slowest, kNoIndex where nothing is. Offsets may lead out of the grid.
  /// @param cell    each coordinate below 2^30
  /// @param radius  0 to kMaxRadius
  /// @param rows    [(2 radius + 1)^3], written
  void window(std::size_t cloud, const Cell& cell, int radius, std::span<std::uint32_t> rows);

 private:
  /// Holds, of the places of a window along one axis, the step from the cell's block to theirs, 0
  /// to 2 for -1 to 1, and the place inside it.
  struct AxisPlaces {
    AxisPlaces(int first, int width, int center);

    std::array<std::uint8_t, 2 * kMaxRadius + 1> step{};
    std::array<std::uint8_t, 2 * kMaxRadius + 1> inside{};
  };

  void go_to(std::size_t cloud, const std::array<int, 3>& block);
  /// Looks up the blocks that a window reaches and that were not looked up yet.
  /// @param last  the last place of an axis
  void look_up(const std::array<AxisPlaces, 3>& places, std::size_t last);

  const VoxelHash& hash_;
  std::size_t cloud_ = 0;
  std::array<int, 3> center_{-1, -1, -1};  ///< block
  std::array<const Block*, 27> around_{};  ///< blocks around it, z fastest; nullptr: not looked up
};

}  // namespace ptattn
