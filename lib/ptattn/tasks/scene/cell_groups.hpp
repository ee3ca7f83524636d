#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "ptattn/neighbors/voxel_hash.hpp"
#include "ptattn/sampling/sort_order.hpp"

namespace ptattn {

/// Represents a value for every cell, looked up by what lies in the cells (voxels, columns).
template <class Value>
struct CellValues {
  std::vector<Value> of_cell;          ///< [cells]
  std::vector<std::uint32_t> cell_of;  ///< [items]

  [[nodiscard]] std::size_t size() const { return cell_of.size(); }
  [[nodiscard]] const Value& operator[](std::size_t item) const { return of_cell[cell_of[item]]; }
};

/// Holds items (voxels, columns) gathered by the cells of a coarser grid. Cells are in
/// lexicographic order, the items of a cell in their own.
class CellGroups {
 public:
  /// @param cell_of_item  [items], each coordinate below 2^21
  /// Time O(items log extent), parallel; the same result for any thread count.
  explicit CellGroups(std::span<const Cell> cell_of_item);

  [[nodiscard]] std::size_t size() const { return cells_.size(); }
  [[nodiscard]] std::size_t cell_of(std::size_t item) const { return cell_of_[item]; }
  /// Returns the items of a cell, ascending.
  [[nodiscard]] std::span<const std::uint32_t> items(std::size_t cell) const {
    return groups_[cell];
  }

  /// Returns the sum of `of_cell`, arrays of numbers, over the cells next to `cell` and itself, in
  /// lexicographic order.
  template <class Numbers>
  [[nodiscard]] Numbers sum_around(std::size_t cell, std::span<const Numbers> of_cell) const {
    std::array<std::uint32_t, 27> around;
    VoxelHash::Cursor(*hash_).window(0, cells_[cell], 1, around);
    Numbers sums{};
    for (const std::uint32_t other : around) {
      if (other == kNoIndex) continue;
      for (std::size_t t = 0; t < sums.size(); ++t) sums[t] += of_cell[other][t];
    }
    return sums;
  }

  /// Gives up everything else for the cell of each item.
  [[nodiscard]] std::vector<std::uint32_t> take_cell_of() && { return std::move(cell_of_); }

 private:
  GroupOrder groups_;
  std::vector<Cell> cells_;
  std::vector<std::uint32_t> cell_of_;  ///< [items]
  std::optional<VoxelHash> hash_;       ///< of `cells_`
};

}  // namespace ptattn
