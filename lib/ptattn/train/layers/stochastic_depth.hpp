#pragma once

#include <cstddef>
#include <cstdint>

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/random.hpp"

namespace ptattn::train {

/// Says which rows skip a branch of a residual block in one step (Huang et al. 2016, stochastic
/// depth): a row is dropped with probability `rate`, the others are scaled by 1 / (1 - rate). What
/// happens to a row depends on the key and the row alone.
class RowDrop {
 public:
  RowDrop() = default;
  /// @param key  of run, step and layer
  RowDrop(double rate, std::uint64_t key) : rate_(rate), key_(key) {}

  [[nodiscard]] bool drops() const { return rate_ > 0.0; }
  [[nodiscard]] float factor(std::size_t row) const {
    const std::uint64_t bits = splitmix64_mix(key_ ^ splitmix64_mix(row + 1));
    const double u = static_cast<double>(bits >> 11U) * 0x1.0p-53;
    return u < rate_ ? 0.0F : static_cast<float>(1.0 / (1.0 - rate_));
  }
  /// out[i] = factor(first + i) x[i], on the calling thread.
  /// @param out  x itself, or without overlap
  void scale(MatrixView x, std::size_t first, MutableMatrixView out) const {
    for (std::size_t i = 0; i < x.rows; ++i) {
      const float by = factor(first + i);
      for (std::size_t j = 0; j < x.cols; ++j) out(i, j) = by * x(i, j);
    }
  }

 private:
  double rate_ = 0.0;
  std::uint64_t key_ = 0;
};

}  // namespace ptattn::train
