#include "ptattn/nn/kernels/softmax_stats.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ptattn/nn/kernels/softmax_stats.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/highway.h>

#include "ptattn/nn/kernels/math-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

using Lane = HWY_CAPPED(float, 16);
using One = HWY_CAPPED(float, 1);

float largest_of(const float* x, std::size_t n) {
  const Lane d;
  const std::size_t lanes = hn::Lanes(d);
  auto largest = hn::Set(d, x[0]);
  std::size_t j = 0;
  for (; j + lanes <= n; j += lanes) largest = hn::Max(largest, hn::LoadU(d, x + j));
  float all = hn::GetLane(hn::MaxOfLanes(d, largest));
  for (; j < n; ++j) all = std::max(all, x[j]);
  return all;
}

template <class D>
HWY_INLINE auto exp_below(D d, const float* x, float largest) {
  return exp_or_zero(d, hn::Sub(hn::LoadU(d, x), hn::Set(d, largest)));
}

float total_of(const float* x, std::size_t n, float largest) {
  const Lane d;
  const std::size_t lanes = hn::Lanes(d);
  auto sum = hn::Zero(d);
  std::size_t j = 0;
  for (; j + lanes <= n; j += lanes) sum = hn::Add(sum, exp_below(d, x + j, largest));
  float total = hn::GetLane(hn::SumOfLanes(d, sum));
  for (; j < n; ++j) total += hn::GetLane(exp_below(One(), x + j, largest));
  return total;
}

template <class D>
HWY_INLINE auto weigh(D d, float* x, const float* largest, const float* total) {
  const auto power = exp_or_zero(d, hn::Sub(hn::LoadU(d, x), hn::LoadU(d, largest)));
  const auto weight = hn::Div(power, hn::LoadU(d, total));
  hn::StoreU(weight, d, x);
  return weight;
}

}  // namespace

void parts(MatrixView x, float* largest, float* total) {
  for (std::size_t i = 0; i < x.rows; ++i) {
    largest[i] = largest_of(x.row(i), x.cols);
    total[i] = total_of(x.row(i), x.cols, largest[i]);
  }
}

void weights(MutableMatrixView x, const float* largest, const float* total, float* sums) {
  const Lane d;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t i = 0; i < x.rows; ++i) {
    float* row = x.row(i);
    auto sum = hn::Zero(d);
    std::size_t j = 0;
    for (; j + lanes <= x.cols; j += lanes) {
      sum = hn::Add(sum, weigh(d, row + j, largest + j, total + j));
    }
    sums[i] = hn::GetLane(hn::SumOfLanes(d, sum));
    for (; j < x.cols; ++j) sums[i] += hn::GetLane(weigh(One(), row + j, largest + j, total + j));
  }
}

}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ptattn {

HWY_EXPORT(parts);
HWY_EXPORT(weights);

void softmax_stats(MatrixView x, float* largest, float* total) {
  HWY_DYNAMIC_DISPATCH(parts)(x, largest, total);
}

void weights_from_stats(MutableMatrixView x, const float* largest, const float* total,
                        float* sums) {
  HWY_DYNAMIC_DISPATCH(weights)(x, largest, total, sums);
}

}  // namespace ptattn
#endif  // HWY_ONCE
