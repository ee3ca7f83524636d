#include "ptattn/nn/kernels/elementwise.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ptattn/nn/kernels/elementwise.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/highway.h>

#include "ptattn/nn/kernels/math-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

/// x[i, j] <- function(d, x[i, j]) by vectors, a row's rest one by one.
template <class Function>
HWY_INLINE void for_each_value(MutableMatrixView x, const Function& function) {
  const HWY_CAPPED(float, 16) d;
  const HWY_CAPPED(float, 1) one;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t i = 0; i < x.rows; ++i) {
    float* row = x.row(i);
    std::size_t j = 0;
    for (; j + lanes <= x.cols; j += lanes) {
      hn::StoreU(function(d, hn::LoadU(d, row + j)), d, row + j);
    }
    for (; j < x.cols; ++j) hn::StoreU(function(one, hn::LoadU(one, row + j)), one, row + j);
  }
}

}  // namespace

void activate_values(Activation activation, MutableMatrixView x) {
  switch (activation) {
    case Activation::kNone:
      return;
    case Activation::kRelu:
      return for_each_value(x, [](auto d, auto v) HWY_ATTR { return hn::Max(v, hn::Zero(d)); });
    case Activation::kLeakyRelu:
      return for_each_value(x, [](auto d, auto v) HWY_ATTR {
        return hn::Max(v, hn::Mul(v, hn::Set(d, kLeakyReluSlope)));
      });
    case Activation::kGelu:
      return for_each_value(x, [](auto d, auto v) HWY_ATTR { return gelu(d, v); });
  }
}

void exp_of_values(MutableMatrixView x) {
  for_each_value(x, [](auto d, auto v) HWY_ATTR { return exp_or_zero(d, v); });
}

}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ptattn {

HWY_EXPORT(activate_values);
HWY_EXPORT(exp_of_values);

void activate(Activation activation, MutableMatrixView x) {
  HWY_DYNAMIC_DISPATCH(activate_values)(activation, x);
}

void exp_nonpositive(MutableMatrixView x) {
  HWY_DYNAMIC_DISPATCH(exp_of_values)(x);
}

}  // namespace ptattn
#endif  // HWY_ONCE
