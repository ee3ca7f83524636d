#include "ptattn/nn/kernels/softmax.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ptattn/nn/kernels/softmax.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/highway.h>

#include "ptattn/nn/kernels/softmax-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

template <class D>
void softmax_of(D d, MutableMatrixView x, std::size_t column) {
  auto largest = hn::LoadU(d, x.data + column);
  for (std::size_t i = 1; i < x.rows; ++i) {
    largest = hn::Max(largest, hn::LoadU(d, x.row(i) + column));
  }
  auto total = hn::Zero(d);
  for (std::size_t i = 0; i < x.rows; ++i) {
    float* value = x.row(i) + column;
    const auto weight = exp_or_zero(d, hn::Sub(hn::LoadU(d, value), largest));
    total = hn::Add(total, weight);
    hn::StoreU(weight, d, value);
  }
  const auto scale = hn::Div(hn::Set(d, 1.0F), total);
  for (std::size_t i = 0; i < x.rows; ++i) {
    float* value = x.row(i) + column;
    hn::StoreU(hn::Mul(hn::LoadU(d, value), scale), d, value);
  }
}

}  // namespace

void softmax(MutableMatrixView x) {
  if (x.rows == 0) return;
  const HWY_CAPPED(float, 16) d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t j = 0;
  for (; j + lanes <= x.cols; j += lanes) softmax_of(d, x, j);
  for (; j < x.cols; ++j) softmax_of(HWY_CAPPED(float, 1)(), x, j);
}

void softmax_of_rows(MutableMatrixView x, std::span<const std::uint32_t> valid) {
  for (std::size_t i = 0; i < x.rows; ++i) {
    const std::size_t width = valid.empty() ? x.cols : valid[i];
    softmax_row(x.row(i), width);
    std::fill(x.row(i) + width, x.row(i) + x.cols, 0.0F);
  }
}

}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ptattn {

HWY_EXPORT(softmax);
HWY_EXPORT(softmax_of_rows);

void softmax_columns(MutableMatrixView x) {
  HWY_DYNAMIC_DISPATCH(softmax)(x);
}

void softmax_rows(MutableMatrixView x, std::span<const std::uint32_t> valid) {
  HWY_DYNAMIC_DISPATCH(softmax_of_rows)(x, valid);
}

}  // namespace ptattn
#endif  // HWY_ONCE
