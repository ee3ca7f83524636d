#include "ptattn/nn/kernels/int8_matrix.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

namespace ptattn {
namespace {

constexpr float kLargest = 127.0F;

/// The nearest whole number, that which is even from the middle, of one well below 2^22.
float nearest(float x) {
  constexpr float kRounder = 12582912.0F;  // 1.5 * 2^23: the sum has no digits behind the point
  return (x + kRounder) - kRounder;
}

/// Weights of one step of the kernel belong to one of two runs.
std::size_t run_of(std::size_t k) {
  return k / Int8Matrix::kStep * 2 + k % 4 / 2;
}

/// The largest sum of weights of one sign in one run, in units of `scale`, rounded as stored.
int largest_run(std::span<const float> column, float scale) {
  int largest = 0;
  std::array<int, 4> sums{};  // of both runs of a step: positive, negative
  for (std::size_t k = 0; k < column.size(); ++k) {
    if (k % Int8Matrix::kStep == 0) sums = {};
    const int q = static_cast<int>(nearest(column[k] / scale));
    int& sum = sums[run_of(k) % 2 * 2 + (q < 0 ? 1 : 0)];
    sum += std::abs(q);
    largest = std::max(largest, sum);
  }
  return largest;
}

/// The smallest scale, but for a little, that keeps all limits.
float scale_of(std::span<const float> column) {
  float largest = 0.0F;
  for (const float w : column) largest = std::max(largest, std::abs(w));
  // Neither a weight nor its quotient by the scale may overflow or become denormal.
  float scale = std::max(largest / kLargest, 1e-30F);
  for (;;) {
    const int run = largest_run(column, scale);
    if (run <= Int8Matrix::kMaxRun) return scale;
    // Rounding may leave the sum one above the limit; each turn grows the scale by 0.2 % or more.
    scale *= std::max(static_cast<float>(run) / Int8Matrix::kMaxRun, 1.002F);
  }
}

}  // namespace

Int8Matrix::Int8Matrix(const PackedMatrix& b)
    : rows_(b.rows()),
      cols_(b.cols()),
      depth_((b.rows() + kStep - 1) / kStep * kStep),
      values_(panels() * kPanel * depth_ / sizeof(Line)),
      scales_(panels() * kPanel, 0.0F),
      sums_(panels() * kPanel, 0) {
  for (std::size_t j = 0; j < cols_; ++j) quantize_column(b, j);
}

void Int8Matrix::quantize_column(const PackedMatrix& b, std::size_t j) {
  std::vector<float> column(rows_);
  const float* const in = b.panel(j / PackedMatrix::kPanel) + j % PackedMatrix::kPanel;
  for (std::size_t k = 0; k < rows_; ++k) column[k] = in[k * PackedMatrix::kPanel];
  scales_[j] = scale_of(column);
  for (std::size_t k = 0; k < rows_; ++k) {
    const auto q = static_cast<std::int8_t>(nearest(column[k] / scales_[j]));
    values_.data()->data()[offset(k, j, depth_)] = q;
    sums_[j] += q;
  }
}

}  // namespace ptattn
