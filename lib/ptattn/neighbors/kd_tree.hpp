#pragma once

#include <cstddef>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/neighbors/knn.hpp"
#include "ptattn/neighbors/point_pack.hpp"

namespace ptattn {

/// A k-d tree with wide nodes, for repeated queries of one cloud.
///
/// The points stand in k-d order in leaves of 32. Sixteen neighbouring leaves share a node with
/// their bounding boxes, sixteen such nodes the next one, and so on: one vector operation rates all
/// children, and the whole tree is a few arrays without pointers. Immutable; safe from many
/// threads.
class KdTree {
 public:
  /// @param points  [n, 3], finite, n >= 1; copied
  /// @throws        Error(Fault::kUsage) when they are not
  /// Time O(n log n); parallel.
  explicit KdTree(MatrixView points);

  [[nodiscard]] std::size_t size() const { return size_; }

  /// See ptattn::k_nearest. Time O(m (k + log n)); parallel over queries, which are answered in the
  /// order of the leaf nearest to them, so that they find their part of the tree in the cache.
  [[nodiscard]] IndexTable k_nearest(MatrixView queries, std::size_t k) const;

  /// The points within `radius` of each query, nearest first, ordered and compared as k_nearest
  /// does (radius * radius is a float32, too; the edge belongs to the ball).
  ///
  /// @param queries  [m, 3], finite
  /// @param radius   not negative; infinity is a radius
  /// @param limit    >= 1; the nearest `limit` of a ball that holds more
  /// @return         [m, min(limit, size())], each row filled up with kNoPoint
  /// @throws         Error(Fault::kUsage) when an argument is not as said
  /// Time and memory as k_nearest with k = limit, less where balls are small.
  [[nodiscard]] IndexTable within_radius(MatrixView queries, float radius, std::size_t limit) const;

 private:
  /// The k nearest, of those whose squared distance is at most `reach`; kNoPoint behind them.
  [[nodiscard]] IndexTable search(MatrixView queries, std::size_t k, float reach) const;

  std::size_t size_ = 0;
  std::vector<PointPack> points_;
  /// levels_[0]: boxes of the leaves; levels_[i + 1]: of the packs of levels_[i]. The last level is
  /// a single pack, the root.
  std::vector<std::vector<BoxPack>> levels_;
};

}  // namespace ptattn
