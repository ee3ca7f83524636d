#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace ptattn {

/// Names a vertical column of voxels.
struct VoxelColumn {
  std::uint32_t i;  ///< along x
  std::uint32_t j;  ///< along y

  bool operator==(const VoxelColumn&) const = default;
};

/// Computes morphology over the occupied columns of a scene (Serra 1982; Zhang et al. 2003 for
/// terrain).
///
/// A window of odd width w around column (i, j) holds the columns (i', j') with |i' - i| and
/// |j' - j| at most w / 2, inside the bounding box of all columns. Columns without points take part
/// in no minimum or maximum, yet windows may be centred there. Rasters exist block by block only,
/// so memory does not grow with the area; where columns are few they are compared with each other.
class ColumnFilters {
 public:
  /// @param columns  in lexicographic order, none twice; kept by reference
  explicit ColumnFilters(std::span<const VoxelColumn> columns);

  /// Computes the largest least: max over windows c' around c of (min over the window of c' of
  /// `values`). Follows slopes and removes what stands narrower than the window.
  /// @param values  [columns], finite
  /// @param window  odd
  /// @return        [columns]
  /// Time O(min(columns, area) log window), whatever lies between the columns; parallel; the same
  /// result for any thread count.
  [[nodiscard]] std::vector<double> opening(std::span<const double> values,
                                            std::size_t window) const;
  /// Computes the smallest largest, `opening` with minimum and maximum exchanged: fills pits
  /// narrower than the window.
  [[nodiscard]] std::vector<double> closing(std::span<const double> values,
                                            std::size_t window) const;
  /// Computes the largest value of each window.
  [[nodiscard]] std::vector<double> maximum(std::span<const double> values,
                                            std::size_t window) const;

 private:
  /// Holds columns (i, j) with top <= i < bottom and left <= j < right.
  struct ColumnBlock {
    std::size_t top;
    std::size_t left;
    std::size_t bottom;
    std::size_t right;
  };

  [[nodiscard]] std::size_t height() const { return row_starts_.size() - 1; }
  /// Returns first and behind the last of the columns (row, j), begin <= j < end.
  [[nodiscard]] std::pair<std::size_t, std::size_t> columns_in(std::size_t row, std::size_t begin,
                                                               std::size_t end) const;
  /// Lists the columns of a block; nothing where there are more than `most`.
  [[nodiscard]] std::vector<std::uint32_t> columns_around(const ColumnBlock& block,
                                                          std::size_t most) const;
  [[nodiscard]] ColumnBlock widened(const ColumnBlock& block, std::size_t halo) const;
  /// Filters the columns of a block in a raster of it and what its windows see.
  template <class Filter>
  void filter_raster(const ColumnBlock& block, std::span<const double> values, const Filter& filter,
                     std::span<double> result) const;
  /// Filters columns one by one; false, and some of them not, where one sees too many others.
  template <class Filter>
  bool filter_singly(std::span<const std::uint32_t> members, std::span<const double> values,
                     const Filter& filter, std::span<double> result) const;
  template <class Filter>
  void filter_block(const ColumnBlock& block, std::span<const std::uint32_t> members,
                    std::span<const double> values, const Filter& filter,
                    std::span<double> result) const;
  template <class Filter>
  [[nodiscard]] std::vector<double> by_blocks(std::span<const double> values,
                                              const Filter& filter) const;

  std::span<const VoxelColumn> columns_;
  std::vector<std::size_t> row_starts_;  ///< first column of each i
  std::size_t width_ = 0;                ///< largest j + 1
};

}  // namespace ptattn
