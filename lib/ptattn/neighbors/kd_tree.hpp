#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/neighbors/knn.hpp"
#include "ptattn/neighbors/point_pack.hpp"

namespace ptattn {

/// Represents a k-d tree with wide nodes, for repeated queries of one cloud.
///
/// The points stand in k-d order in leaves of 32. Sixteen neighbouring leaves share a node with
/// their bounding boxes, sixteen such nodes the next one, and so on: one vector operation rates all
/// children, and the whole tree is two arrays without pointers. Immutable; safe from many threads.
class KdTree {
 public:
  /// Of boxes: 32 * 16^7 points exceed the 32-bit indices.
  static constexpr std::size_t kMaxLevels = 8;

  /// @param points  [n, 3], finite, n >= 1; copied
  /// @throws        Error(Fault::kUsage) when they are not
  /// Time O(n log n); parallel.
  explicit KdTree(MatrixView points);
  /// Makes the same in memory of `scratch`, which must live longer.
  KdTree(MatrixView points, ScratchMemory& scratch);
  KdTree(KdTree&&) = default;
  KdTree& operator=(KdTree&&) = default;

  [[nodiscard]] std::size_t size() const { return size_; }

  /// Returns what ptattn::k_nearest does. Time O(m (k + log n)); parallel over queries, which are
  /// answered in the order of the leaf nearest to them, so that they find their part of the tree in
  /// the cache.
  [[nodiscard]] IndexTable k_nearest(MatrixView queries, std::size_t k) const;
  /// Writes the same indices to `out` [m k], row by row.
  void k_nearest(MatrixView queries, std::size_t k, std::span<std::uint32_t> out) const;

  /// Returns the points within `radius` of each query, nearest first, ordered and compared as
  /// k_nearest does (radius * radius is a float32, too; the edge belongs to the ball).
  ///
  /// @param queries  [m, 3], finite
  /// @param radius   not negative; infinity is a radius
  /// @param limit    >= 1; the nearest `limit` of a ball that holds more
  /// @return         [m, min(limit, size())], each row filled up with kNoIndex
  /// @throws         Error(Fault::kUsage) when an argument is not as said
  /// Time and memory as k_nearest with k = limit, less where balls are small.
  [[nodiscard]] IndexTable within_radius(MatrixView queries, float radius, std::size_t limit) const;

 private:
  void build(MatrixView points, std::span<PointPack> packs, std::span<BoxPack> boxes);
  /// Finds the k nearest, of those whose squared distance is at most `reach`; kNoIndex behind them.
  void search(MatrixView queries, std::size_t k, float reach, std::span<std::uint32_t> out) const;
  [[nodiscard]] std::span<const std::span<const BoxPack>> levels() const {
    return std::span(levels_).first(level_count_);
  }

  std::size_t size_ = 0;
  std::vector<PointPack> own_points_;  // empty where the memory is a ScratchMemory's
  std::vector<BoxPack> own_boxes_;
  std::span<const PointPack> points_;
  /// levels_[0]: boxes of the leaves; levels_[i + 1]: of the packs of levels_[i]. The last level is
  /// a single pack, the root.
  std::array<std::span<const BoxPack>, kMaxLevels> levels_;
  std::size_t level_count_ = 0;
};

}  // namespace ptattn
