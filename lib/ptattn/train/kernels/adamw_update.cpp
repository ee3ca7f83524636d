#include "ptattn/train/kernels/adamw_update.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ptattn/train/kernels/adamw_update.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using train::AdamWFactors;
using train::AdamWValues;

/// The values from i on that a vector holds.
template <class D>
HWY_INLINE void update_vector(D d, const AdamWFactors& f, const AdamWValues& at, std::size_t i) {
  const auto g = hn::LoadU(d, at.gradients + i);
  const auto m = hn::MulAdd(hn::Set(d, f.beta1), hn::LoadU(d, at.first + i),
                            hn::Mul(hn::Set(d, 1.0F - f.beta1), g));
  const auto v = hn::MulAdd(hn::Set(d, f.beta2), hn::LoadU(d, at.second + i),
                            hn::Mul(hn::Mul(hn::Set(d, 1.0F - f.beta2), g), g));
  const auto denominator =
      hn::MulAdd(hn::Sqrt(v), hn::Set(d, 1.0F / f.root2), hn::Set(d, f.epsilon));
  const auto change = hn::Div(hn::Mul(hn::Set(d, f.advance), m), denominator);
  hn::StoreU(m, d, at.first + i);
  hn::StoreU(v, d, at.second + i);
  hn::StoreU(hn::MulSub(hn::LoadU(d, at.values + i), hn::Set(d, f.shrink), change), d,
             at.values + i);
}

}  // namespace

void update_all(const AdamWFactors& factors, const AdamWValues& values) {
  const HWY_CAPPED(float, 16) d;
  const HWY_CAPPED(float, 1) one;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= values.count; i += lanes) update_vector(d, factors, values, i);
  for (; i < values.count; ++i) update_vector(one, factors, values, i);
}

double squares_of(const float* x, std::size_t count) {
  double total = 0.0;
  std::size_t i = 0;
#if HWY_HAVE_FLOAT64
  const HWY_CAPPED(double, 8) d;
  const hn::Rebind<float, decltype(d)> narrow;
  const std::size_t lanes = hn::Lanes(d);
  auto even = hn::Zero(d);
  auto odd = hn::Zero(d);
  for (; i + 2 * lanes <= count; i += 2 * lanes) {
    const auto first = hn::PromoteTo(d, hn::LoadU(narrow, x + i));
    const auto second = hn::PromoteTo(d, hn::LoadU(narrow, x + i + lanes));
    even = hn::MulAdd(first, first, even);
    odd = hn::MulAdd(second, second, odd);
  }
  total = hn::GetLane(hn::SumOfLanes(d, hn::Add(even, odd)));
#endif
  for (; i < count; ++i) total += double{x[i]} * x[i];
  return total;
}

}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ptattn {

HWY_EXPORT(update_all);
HWY_EXPORT(squares_of);

namespace train {

void update_values(const AdamWFactors& factors, const AdamWValues& values) {
  HWY_DYNAMIC_DISPATCH(update_all)(factors, values);
}

double sum_of_squares(const float* x, std::size_t count) {
  return HWY_DYNAMIC_DISPATCH(squares_of)(x, count);
}

}  // namespace train
}  // namespace ptattn
#endif  // HWY_ONCE
