#pragma once

#include <algorithm>

#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// Copies x to `out`, of the same shape.
inline void copy_matrix(MatrixView x, MutableMatrixView out) {
  for (std::size_t i = 0; i < x.rows; ++i) std::copy_n(x.row(i), x.cols, out.row(i));
}

/// Returns a copy of the values that a view shows, rows without gaps.
[[nodiscard]] inline Matrix clone(MatrixView x) {
  Matrix copy(x.rows, x.cols);
  copy_matrix(x, copy);
  return copy;
}

}  // namespace ptattn
