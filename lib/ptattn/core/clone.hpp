#pragma once

#include <algorithm>

#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// A copy of the values that a view shows, rows without gaps.
[[nodiscard]] inline Matrix clone(MatrixView x) {
  Matrix copy(x.rows, x.cols);
  for (std::size_t i = 0; i < x.rows; ++i) std::copy_n(x.row(i), x.cols, copy.row(i));
  return copy;
}

}  // namespace ptattn
