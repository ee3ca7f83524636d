#pragma once

#include <cstddef>
#include <cstdint>

#include "ptattn/core/matrix.hpp"
#include "ptattn/train/layers/stochastic_depth.hpp"

namespace ptattn::train {

/// Dropout (Srivastava et al. 2014): every value is zero with probability `rate`, the others are
/// scaled by 1 / (1 - rate). What happens to a value depends on the key, its row and its column
/// alone; derivatives are scaled by the same factors.
inline void drop_values(double rate, std::uint64_t key, MutableMatrixView x) {
  if (rate <= 0.0) return;
  const RowDrop drop(rate, key);
  for (std::size_t i = 0; i < x.rows; ++i) {
    for (std::size_t j = 0; j < x.cols; ++j) x(i, j) *= drop.factor(i * x.cols + j);
  }
}

}  // namespace ptattn::train
