#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ptattn/nn/kernels/packed_matrix.hpp"

namespace ptattn {

/// Holds weights of a product with 8-bit numbers, [rows, cols], in the order in which the kernel
/// reads them. Column j (an output channel) has a scale of its own:
///
///   w[k, j] ~ scale[j] q[k, j],   q in [-127, 127]
///
/// Kernels without a 4-way dot product add up, in 16 bits, the products of 7-bit inputs with kRun
/// weights. The scale is the smallest, but for rounding, with which that cannot overflow: the
/// positive weights of a run sum up to at most kMaxRun, the negative ones to -kMaxRun. That makes
/// all CPU levels give the same integers and costs trained weights half a bit (the scales of
/// pct-modelnet40 are 1.4 times as large in the mean as its largest weights ask for).
///
/// Layout: kColumns columns follow one another, two such groups are a panel; inside a group, four
/// rows after four rows, for each column the four numbers side by side. Rows are filled up with
/// zeros to a multiple of kStep, columns to one of kPanel.
class Int8Matrix {
 public:
  static constexpr std::size_t kPanel = 32;    ///< as PackedMatrix
  static constexpr std::size_t kColumns = 16;  ///< four rows of them are a cache line
  static constexpr std::size_t kStep = 16;     ///< four vectors of four rows each
  static constexpr std::size_t kRun = 8;  ///< of a step: rows 0 1 4 5 8 9 12 13, and the others
  static constexpr int kMaxRun = 258;     ///< 127 * 258 < 2^15

  Int8Matrix() = default;
  /// Quantises float32 weights, to the nearest number.
  explicit Int8Matrix(const PackedMatrix& b);

  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t cols() const { return cols_; }
  /// Returns the rows with those of the filling.
  [[nodiscard]] std::size_t depth() const { return depth_; }
  [[nodiscard]] std::size_t panels() const { return (cols_ + kPanel - 1) / kPanel; }
  [[nodiscard]] const std::int8_t* panel(std::size_t p) const {
    return values_.data()->data() + p * kPanel * depth_;
  }
  /// Returns where q[k, j] stands.
  [[nodiscard]] static constexpr std::size_t offset(std::size_t k, std::size_t j,
                                                    std::size_t depth) {
    return j / kColumns * kColumns * depth + k / 4 * 4 * kColumns + j % kColumns * 4 + k % 4;
  }
  /// Returns q[k, j]
  [[nodiscard]] int value(std::size_t k, std::size_t j) const {
    return panel(0)[offset(k, j, depth_)];
  }
  [[nodiscard]] const float* scales() const { return scales_.data(); }     ///< [panels kPanel]
  [[nodiscard]] const std::int32_t* sums() const { return sums_.data(); }  ///< of the columns of q

 private:
  struct alignas(64) Line : std::array<std::int8_t, 64> {};

  void quantize_column(const PackedMatrix& b, std::size_t j);

  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
  std::size_t depth_ = 0;
  std::vector<Line> values_;  // whole cache lines, which no load straddles
  std::vector<float> scales_;
  std::vector<std::int32_t> sums_;
};

}  // namespace ptattn
