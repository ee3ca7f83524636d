#pragma once

#include <cstddef>

#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// Carries values from some points to others by kernel attention over the nearest.
///
///   f(x) = sum_i K(|x - p_i| / h_x) y_i / sum_i K(|x - p_i| / h_x)   over the k nearest p_i
///
/// K is Gaussian; h_x is half the distance of the k-th nearest, so that the width follows the
/// density. Points of `from` that coincide with x decide alone and share equally: a value of `from`
/// comes back as it was at its own place.
/// @param from    [n, 3], finite, n >= 1
/// @param values  [n, c]
/// @param to      [m, 3], finite
/// @param k       >= 1; all points are taken when there are fewer
/// @return        [m, c]
/// @throws        Error(Fault::kUsage) when an argument is not as said
/// Time O(n log n + m k c); the same bits for any thread count.
[[nodiscard]] Matrix interpolate(MatrixView from, MatrixView values, MatrixView to,
                                 std::size_t k = 4);

}  // namespace ptattn
