// Rounding to bfloat16 in registers, compiled once per Highway target.

#if defined(PTATTN_NN_KERNELS_BFLOAT16_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef PTATTN_NN_KERNELS_BFLOAT16_INL_HPP
#undef PTATTN_NN_KERNELS_BFLOAT16_INL_HPP
#else
#define PTATTN_NN_KERNELS_BFLOAT16_INL_HPP
#endif

#include <cstdint>

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using WordLane = HWY_CAPPED(std::uint32_t, 16);
using Words = hn::Vec<WordLane>;

/// Rounds every lane as round_to_bf16 does.
HWY_INLINE Words round_words(Words bits) {
  const WordLane d;
  const hn::RebindToSigned<WordLane> ds;
  const Words upper = hn::Set(d, 0xFFFF'0000);
  const Words odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(d, 1));
  const Words rounded = hn::Add(hn::Add(bits, hn::Set(d, 0x7FFF)), odd);
  // As numbers without a sign are positive, those beyond infinity are NaN.
  const auto magnitude = hn::BitCast(ds, hn::And(bits, hn::Set(d, 0x7FFF'FFFF)));
  const auto is_nan = hn::MaskFromVec(
      hn::BitCast(d, hn::VecFromMask(ds, hn::Gt(magnitude, hn::Set(ds, 0x7F80'0000)))));
  return hn::And(hn::IfThenElse(is_nan, hn::Or(bits, hn::Set(d, 0x0040'0000)), rounded), upper);
}

/// Returns words of two numbers, rounded: the first in the lower halves.
HWY_INLINE Words pair_words(Words first, Words second) {
  return hn::Or(round_words(second), hn::ShiftRight<16>(round_words(first)));
}

/// The same for numbers that are not negative and not beyond 1, such as weights, with halves up: a
/// third of the instructions.
HWY_INLINE Words pair_weights(Words first, Words second) {
  const WordLane d;
  const Words half = hn::Set(d, 0x8000);
  const Words upper = hn::And(hn::Add(second, half), hn::Set(d, 0xFFFF'0000));
  return hn::Or(upper, hn::ShiftRight<16>(hn::Add(first, half)));
}

}  // namespace
}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggled include guard
