#include "ptattn/nn/kernels/reduce.hpp"

#include <algorithm>

#include "ptattn/core/scratch_memory.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ptattn/nn/kernels/reduce.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <class D>
void max_of_columns(D d, MatrixView x, std::size_t column, float* out) {
  auto largest = hn::LoadU(d, x.data + column);
  for (std::size_t i = 1; i < x.rows; ++i) {
    largest = hn::Max(largest, hn::LoadU(d, x.row(i) + column));
  }
  hn::StoreU(largest, d, out + column);
}

float sum(const float* x, std::size_t n) {
  const HWY_CAPPED(float, 16) d;
  const std::size_t lanes = hn::Lanes(d);
  auto partial = hn::Zero(d);
  std::size_t j = 0;
  for (; j + lanes <= n; j += lanes) partial = hn::Add(partial, hn::LoadU(d, x + j));
  float total = hn::GetLane(hn::SumOfLanes(d, partial));
  for (; j < n; ++j) total += x[j];
  return total;
}

}  // namespace

void max_columns(MatrixView x, float* out) {
  const HWY_CAPPED(float, 16) d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t j = 0;
  for (; j + lanes <= x.cols; j += lanes) max_of_columns(d, x, j, out);
  for (; j < x.cols; ++j) max_of_columns(HWY_CAPPED(float, 1)(), x, j, out);
}

void sum_rows(MatrixView x, float* out) {
  for (std::size_t i = 0; i < x.rows; ++i) out[i] = sum(x.row(i), x.cols);
}

}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ptattn {

HWY_EXPORT(max_columns);
HWY_EXPORT(sum_rows);

void column_max(MatrixView x, float* out) {
  HWY_DYNAMIC_DISPATCH(max_columns)(x, out);
}

void column_mean(MatrixView x, float* out) {
  ScratchMemory scratch;
  const auto sums = scratch.take<double>(x.cols);
  std::fill(sums.begin(), sums.end(), 0.0);
  for (std::size_t i = 0; i < x.rows; ++i) {
    const float* row = x.row(i);
    for (std::size_t j = 0; j < x.cols; ++j) sums[j] += row[j];
  }
  for (std::size_t j = 0; j < x.cols; ++j) {
    out[j] = static_cast<float>(sums[j] / static_cast<double>(x.rows));
  }
}

void row_sums(MatrixView x, float* out) {
  HWY_DYNAMIC_DISPATCH(sum_rows)(x, out);
}

}  // namespace ptattn
#endif  // HWY_ONCE
