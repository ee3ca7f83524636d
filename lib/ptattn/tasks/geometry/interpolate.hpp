#pragma once

#include <cstddef>

#include "ptattn/core/matrix.hpp"
#include "ptattn/neighbors/kd_tree.hpp"

namespace ptattn {

/// Carries values from some points to others by kernel attention over the nearest.
///
///   f(x) = sum_i K(|x - p_i| / h_x) y_i / sum_i K(|x - p_i| / h_x)   over the k nearest p_i
///
/// K is Gaussian; h_x is half the distance of the k-th nearest, so that the width follows the
/// density. Points of `from` that coincide with x decide alone and share equally: a value of `from`
/// comes back as it was at its own position.
/// Built once for many queries; refers to `from` and `values`, which must outlive it.
class Interpolator {
 public:
  /// @param from    [n, 3], finite, n >= 1
  /// @param values  [n, c]
  /// @param k       >= 1; all points are taken when there are fewer
  /// @throws        Error(Fault::kUsage) when an argument is not as said
  /// Time O(n log n).
  Interpolator(MatrixView from, MatrixView values, std::size_t k = 4);

  /// @param to  [m, 3], finite
  /// @return    [m, c]
  /// @throws    Error(Fault::kUsage) when it is not as said
  /// Time O(m (k c + log n)); the same bits for any thread count.
  [[nodiscard]] Matrix operator()(MatrixView to) const;

 private:
  MatrixView from_;
  MatrixView values_;
  std::size_t k_;
  KdTree tree_;
};

/// Interpolates one set of queries.
[[nodiscard]] Matrix interpolate(MatrixView from, MatrixView values, MatrixView to,
                                 std::size_t k = 4);

}  // namespace ptattn
