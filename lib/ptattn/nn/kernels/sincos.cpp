#include "ptattn/nn/kernels/sincos.hpp"

#include <cstddef>
#include <cstdint>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ptattn/nn/kernels/sincos.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

/// sin(pi/2 z) for |z| <= 1/2: minimax, absolute error 1.2e-9.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V sine_of_quarters(D d, V z) {
  const V zz = hn::Mul(z, z);
  V sum = hn::MulAdd(hn::Set(d, -0.00459228936F), zz, hn::Set(d, 0.0796759031F));
  sum = hn::MulAdd(sum, zz, hn::Set(d, -0.645962938F));
  sum = hn::MulAdd(sum, zz, hn::Set(d, 1.57079631F));
  return hn::Mul(sum, z);
}

/// cos(pi/2 z) for |z| <= 1/2: minimax, absolute error 5.4e-11, exact at 0.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V cosine_of_quarters(D d, V z) {
  const V zz = hn::Mul(z, z);
  V sum = hn::MulAdd(hn::Set(d, 0.000904021714F), zz, hn::Set(d, -0.0208602885F));
  sum = hn::MulAdd(sum, zz, hn::Set(d, 0.253669244F));
  sum = hn::MulAdd(sum, zz, hn::Set(d, -1.23370054F));
  return hn::MulAdd(sum, zz, hn::Set(d, 1.0F));
}

template <class D64>
HWY_INLINE void sincos_of(D64 d64, const double* turns, float* out) {
  const hn::Rebind<float, D64> d;
  const hn::Rebind<std::int32_t, D64> d32;
  const auto turn = hn::LoadU(d64, turns);
  const auto quarters = hn::Mul(hn::Sub(turn, hn::Round(turn)), hn::Set(d64, 4.0));
  const auto whole = hn::Round(quarters);  // -2 ... 2
  const auto z = hn::DemoteTo(d, hn::Sub(quarters, whole));
  // NaN, which is no integer, has reached z.
  const auto quadrant = hn::DemoteTo(d32, hn::IfThenElseZero(hn::Eq(whole, whole), whole));

  const auto s = sine_of_quarters(d, z);
  const auto c = cosine_of_quarters(d, z);
  const auto one = hn::Set(d32, 1);
  const auto swap = hn::RebindMask(d, hn::TestBit(quadrant, one));
  // The second bit of the quadrant (of its successor, for the cosine) becomes the sign.
  const auto sign_bit = hn::Set(d32, 2);
  const auto sine_sign = hn::ShiftLeft<30>(hn::And(quadrant, sign_bit));
  const auto cosine_sign = hn::ShiftLeft<30>(hn::And(hn::Add(quadrant, one), sign_bit));
  const auto sine = hn::Xor(hn::IfThenElse(swap, c, s), hn::BitCast(d, sine_sign));
  const auto cosine = hn::Xor(hn::IfThenElse(swap, s, c), hn::BitCast(d, cosine_sign));
  hn::StoreInterleaved2(sine, cosine, d, out);
}

}  // namespace

void sincos(std::span<const double> turns, float* out) {
  const HWY_CAPPED(double, 8) d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= turns.size(); i += lanes) sincos_of(d, turns.data() + i, out + 2 * i);
  for (; i < turns.size(); ++i) {
    sincos_of(HWY_CAPPED(double, 1)(), turns.data() + i, out + 2 * i);
  }
}

}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ptattn {

HWY_EXPORT(sincos);

void sincos_turns(std::span<const double> turns, float* out) {
  HWY_DYNAMIC_DISPATCH(sincos)(turns, out);
}

}  // namespace ptattn
#endif  // HWY_ONCE
