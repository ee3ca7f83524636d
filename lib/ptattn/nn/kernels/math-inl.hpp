// Functions of whole vectors, compiled once per Highway target.
//
// All of them but one come from one polynomial: 2^f - 1 for |f| <= 1/2, of degree 6, without
// constant term, fitted for the smallest relative error (1.1e-8). So exp(0) is 1 exactly, and tanh
// is accurate around 0 as well.

#if defined(PTATTN_NN_KERNELS_MATH_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef PTATTN_NN_KERNELS_MATH_INL_HPP
#undef PTATTN_NN_KERNELS_MATH_INL_HPP
#else
#define PTATTN_NN_KERNELS_MATH_INL_HPP
#endif

#include <hwy/highway.h>

#include "ptattn/nn/kernels/activation.hpp"
#include "ptattn/nn/kernels/softmax.hpp"

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

inline constexpr float kLog2E = 1.44269504F;

// Adding this to a float rounds it to a whole number, which the low bits of the sum hold.
inline constexpr float kRounder = 12582912.0F;  // 1.5 * 2^23

/// Returns a_0 + a_1 x + a_2 x^2 + ...
template <class D, class V>
HWY_INLINE V polynomial(D d, V x, float a) {
  (void)x;
  return hn::Set(d, a);
}
template <class D, class V, class... More>
HWY_INLINE V polynomial(D d, V x, float a, More... more) {
  return hn::MulAdd(polynomial(d, x, more...), x, hn::Set(d, a));
}

/// Returns 2^f - 1, |f| <= 1/2
template <class D, class V>
HWY_INLINE V exp2m1_of_fraction(D d, V f) {
  return hn::Mul(f, polynomial(d, f, 6.93147188e-01F, 2.40226498e-01F, 5.55035743e-02F,
                               9.61823750e-03F, 1.33907355e-03F, 1.54035122e-04F));
}

/// Returns x 2^n, where `rounded` = n + kRounder, unless the result leaves the range of normal
/// numbers.
template <class D, class V>
HWY_INLINE V times_power_of_two(D d, V x, V rounded) {
  const hn::RebindToSigned<D> bits;
  const auto exponent = hn::ShiftLeft<23>(hn::BitCast(bits, rounded));
  return hn::BitCast(d, hn::Add(hn::BitCast(bits, x), exponent));
}

/// Returns 2^x for -126 <= x <= 126, within 1.5 ulp.
template <class D, class V>
HWY_INLINE V exp2_in_range(D d, V x) {
  const V rounded = hn::Add(x, hn::Set(d, kRounder));
  const V f = hn::Sub(x, hn::Sub(rounded, hn::Set(d, kRounder)));
  const V power = hn::Add(exp2m1_of_fraction(d, f), hn::Set(d, 1.0F));
  return times_power_of_two(d, power, rounded);
}

/// Returns 2^x for x <= 0; zero where 2^x < exp(kSoftmaxFloor), for -infinity, and for NaN.
template <class D, class V>
HWY_INLINE V exp2_or_zero(D d, V x) {
  return hn::IfThenElseZero(hn::Ge(x, hn::Set(d, kSoftmaxFloor * kLog2E)), exp2_in_range(d, x));
}

/// Returns whole numbers as integers. What NaN becomes is not defined; where Highway converts lane
/// by lane, C++ allows no NaN at all.
template <class D, class V>
HWY_INLINE auto to_integers(D d, V n) {
#if HWY_TARGET == HWY_EMU128 || HWY_TARGET == HWY_SCALAR
  n = hn::IfThenElseZero(hn::Eq(n, n), n);
#endif
  return hn::ConvertTo(d, n);
}

/// Returns x 2^n for whole n, unless the result leaves the range of normal numbers.
template <class D, class V>
HWY_INLINE V times_two_to(D d, V x, V n) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
  if constexpr (sizeof(V) == 64) return V{_mm512_scalef_ps(x.raw, n.raw)};
#endif
  const hn::RebindToSigned<D> bits;
  return hn::BitCast(d, hn::Add(hn::BitCast(bits, x), hn::ShiftLeft<23>(to_integers(bits, n))));
}

/// Returns 2^x for -126 <= x <= 126, within 9e-5 of it; 2^0 is 1 exactly. With f = x - floor(x),
/// 2^f is a polynomial of degree 3 that was fitted for the smallest relative error over [0, 1].
template <class D, class V>
HWY_INLINE V rough_exp2_in_range(D d, V x) {
  const V whole = hn::Floor(x);
  const V power = polynomial(d, hn::Sub(x, whole), 1.0F, 0.69511679F, 0.22764499F, 0.077067042F);
  return times_two_to(d, power, whole);
}

/// Returns 2^x as exp2_or_zero does, within 9e-5 of it: for weights that are rounded to bfloat16,
/// by up to forty times as much.
template <class D, class V>
HWY_INLINE V rough_exp2_or_zero(D d, V x) {
  return hn::IfThenElseZero(hn::Ge(x, hn::Set(d, kSoftmaxFloor * kLog2E)),
                            rough_exp2_in_range(d, x));
}

/// Returns e^x for x <= 0, within 2 ulp; zero below kSoftmaxFloor, for -infinity, and for NaN.
template <class D, class V>
HWY_INLINE V exp_or_zero(D d, V x) {
  // ln 2 in two pieces; the products of n with the first are exact.
  constexpr float kLn2High = 0.693359375F;
  constexpr float kLn2Low = -2.12194440e-4F;
  const V rounded = hn::MulAdd(x, hn::Set(d, kLog2E), hn::Set(d, kRounder));
  const V n = hn::Sub(rounded, hn::Set(d, kRounder));
  const V rest = hn::NegMulAdd(n, hn::Set(d, kLn2Low), hn::NegMulAdd(n, hn::Set(d, kLn2High), x));
  const V f = hn::Mul(rest, hn::Set(d, kLog2E));
  const V power = hn::Add(exp2m1_of_fraction(d, f), hn::Set(d, 1.0F));
  return hn::IfThenElseZero(hn::Ge(x, hn::Set(d, kSoftmaxFloor)),
                            times_power_of_two(d, power, rounded));
}

/// Returns x Phi(x), Phi the distribution function of the standard normal (Hendrycks and Gimpel
/// 2016), with an absolute error below 1e-7 (1 + |x|).
///
///   x Phi(x) = max(x, 0) - |x| Phi(-|x|),   Phi(-t) = 2^-(1 + t P(t))
///
/// P has degree 8 and was fitted for the smallest absolute error of the product over [0, 9]. What
/// lies beyond is below 1e-17.
template <class D, class V>
HWY_INLINE V gelu(D d, V x) {
  const V t = hn::Min(hn::Abs(x), hn::Set(d, 9.0F));
  const V p = polynomial(d, t, 1.1511132282827288F, 0.4591467865048862F, 0.05266533897209512F,
                         -0.00728686747534153F, 0.0002914242223241293F, 0.00013115681598735703F,
                         -3.107163357896769e-05F, 2.910485322880965e-06F, -1.0271534975983989e-07F);
  const V tail = exp2_in_range(d, hn::NegMulAdd(t, p, hn::Set(d, -1.0F)));
  return hn::NegMulAdd(t, tail, hn::Max(x, hn::Zero(d)));
}

/// Returns the same with an absolute error below 3e-5, for results that are quantised to 8 bits. P
/// has degree 3.
template <class D, class V>
HWY_INLINE V rough_gelu(D d, V x) {
  const V t = hn::Min(hn::Abs(x), hn::Set(d, 9.0F));
  const V p = polynomial(d, t, 1.1495658F, 0.46493381F, 0.04573255F, -0.0041609216F);
  const V tail = rough_exp2_in_range(d, hn::NegMulAdd(t, p, hn::Set(d, -1.0F)));
  return hn::NegMulAdd(t, tail, hn::Max(x, hn::Zero(d)));
}

/// Applies a rectifier; returns x itself for other activations.
template <class D, class V>
HWY_INLINE V rectified(D d, Activation activation, V x) {
  if (activation == Activation::kRelu) return hn::Max(x, hn::Zero(d));
  if (activation == Activation::kLeakyRelu) {
    return hn::Max(x, hn::Mul(x, hn::Set(d, kLeakyReluSlope)));
  }
  return x;
}

/// Applies any activation.
template <class D, class V>
HWY_INLINE V activated(D d, Activation activation, V x) {
  return activation == Activation::kGelu ? gelu(d, x) : rectified(d, activation, x);
}

/// Returns tanh x = u / (u + 2), u = e^2|x| - 1, with the sign of x; within 4 ulp.
template <class D, class V>
HWY_INLINE V tanh(D d, V x) {
  // tanh 10 is 1 in float32.
  const V t = hn::Mul(hn::Min(hn::Abs(x), hn::Set(d, 10.0F)), hn::Set(d, 2.0F * kLog2E));
  const V rounded = hn::Add(t, hn::Set(d, kRounder));
  const V f = hn::Sub(t, hn::Sub(rounded, hn::Set(d, kRounder)));
  const V one = hn::Set(d, 1.0F);
  const V power = times_power_of_two(d, one, rounded);
  const V u = hn::MulAdd(power, exp2m1_of_fraction(d, f), hn::Sub(power, one));
  return hn::CopySign(hn::Div(u, hn::Add(u, hn::Set(d, 2.0F))), x);
}

}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggled include guard
