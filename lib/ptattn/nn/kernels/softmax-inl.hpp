// Softmax of one row, compiled once per Highway target.

#if defined(PTATTN_NN_KERNELS_SOFTMAX_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef PTATTN_NN_KERNELS_SOFTMAX_INL_HPP
#undef PTATTN_NN_KERNELS_SOFTMAX_INL_HPP
#else
#define PTATTN_NN_KERNELS_SOFTMAX_INL_HPP
#endif

#include <algorithm>
#include <cstddef>
#include <limits>

#include <hwy/highway.h>

#include "ptattn/nn/kernels/math-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {

/// Returns the softmax of n values, in place; -infinity counts as absent. All absent: all zero.
HWY_INLINE void softmax_row(float* x, std::size_t n) {
  const HWY_CAPPED(float, 16) d;
  const HWY_CAPPED(float, 1) one;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t whole = n / lanes * lanes;

  auto vector_largest = hn::Set(d, -std::numeric_limits<float>::infinity());
  for (std::size_t j = 0; j < whole; j += lanes) {
    vector_largest = hn::Max(vector_largest, hn::LoadU(d, x + j));
  }
  float largest = hn::GetLane(hn::MaxOfLanes(d, vector_largest));
  for (std::size_t j = whole; j < n; ++j) largest = std::max(largest, x[j]);

  auto vector_total = hn::Zero(d);
  for (std::size_t j = 0; j < whole; j += lanes) {
    const auto weight = exp_or_zero(d, hn::Sub(hn::LoadU(d, x + j), hn::Set(d, largest)));
    vector_total = hn::Add(vector_total, weight);
    hn::StoreU(weight, d, x + j);
  }
  float total = hn::GetLane(hn::SumOfLanes(d, vector_total));
  for (std::size_t j = whole; j < n; ++j) {
    x[j] = hn::GetLane(exp_or_zero(one, hn::Set(one, x[j] - largest)));
    total += x[j];
  }

  // The largest has weight 1, so only an empty row has a total of zero.
  const float scale = total > 0.0F ? 1.0F / total : 0.0F;
  for (std::size_t j = 0; j < whole; j += lanes) {
    hn::StoreU(hn::Mul(hn::LoadU(d, x + j), hn::Set(d, scale)), d, x + j);
  }
  for (std::size_t j = whole; j < n; ++j) x[j] *= scale;
}

}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggled include guard
