// Sums of products of bytes in registers, compiled once per Highway target; see int8_gemm.cpp.

#if defined(PTATTN_NN_KERNELS_INT8_DOT_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef PTATTN_NN_KERNELS_INT8_DOT_INL_HPP
#undef PTATTN_NN_KERNELS_INT8_DOT_INL_HPP
#else
#define PTATTN_NN_KERNELS_INT8_DOT_INL_HPP
#endif

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <hwy/highway.h>

#include "ptattn/nn/kernels/int8_matrix.hpp"
#include "ptattn/nn/kernels/math-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

using FloatLane = HWY_CAPPED(float, 16);
using IntLane = hn::RebindToSigned<FloatLane>;
using Floats = hn::Vec<FloatLane>;
using Ints = hn::Vec<IntLane>;

// Rows of the register tile, two vectors of sums each, and where there is no 4-way dot product as
// many vectors of 16-bit sums.
#if HWY_TARGET == HWY_AVX3_DL
constexpr std::size_t kMaxRows = 14;
#elif HWY_TARGET == HWY_AVX3
constexpr std::size_t kMaxRows = 6;
#else
constexpr std::size_t kMaxRows = 4;
#endif

/// Returns the four numbers of a row in every lane.
HWY_INLINE Ints broadcast4(const std::uint8_t* a) {
  std::int32_t four;
  std::memcpy(&four, a, sizeof four);
  return hn::Set(IntLane(), four);
}

/// Returns the weights of a vector of columns, four each.
HWY_INLINE Ints weights4(const std::int8_t* b) {
#if HWY_TARGET == HWY_SCALAR
  return broadcast4(reinterpret_cast<const std::uint8_t*>(b));
#else
  return hn::BitCast(IntLane(), hn::LoadU(hn::Repartition<std::int8_t, IntLane>(), b));
#endif
}

constexpr std::size_t kLine = 4 * Int8Matrix::kColumns;  // bytes from four rows of b to the next

/// Returns the bytes from a vector of columns to the one beside it.
HWY_INLINE std::size_t next_vector(std::size_t depth) {
  const std::size_t vector = 4 * hn::Lanes(IntLane());
  return vector == kLine ? depth * Int8Matrix::kColumns : vector;
}

#if HWY_TARGET == HWY_AVX3_DL

/// Returns sum + the products of four unsigned with four signed bytes, in every lane. Not the
/// intrinsic, as Highway 1.0 forgets "avx512vnni" among the features with which it compiles this
/// level.
HWY_INLINE void add_dot4(__m512i& sum, __m512i x, __m512i w) {
  asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(x), "v"(w));
}

template <std::size_t kRows, std::size_t kVectors>
HWY_INLINE void add_step(const std::uint8_t* a, std::size_t depth, const std::int8_t* b,
                         Ints (&sum)[kRows][kVectors]) {
  const std::size_t next = next_vector(depth);
  HWY_UNROLL(4)
  for (std::size_t q = 0; q < 4; ++q) {
    Ints w[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) w[v] = weights4(b + q * kLine + v * next);
    HWY_UNROLL(16)
    for (std::size_t i = 0; i < kRows; ++i) {
      const Ints x = broadcast4(a + i * depth + 4 * q);
      HWY_UNROLL(2)
      for (std::size_t v = 0; v < kVectors; ++v) add_dot4(sum[i][v].raw, x.raw, w[v].raw);
    }
  }
}

#elif HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4 || \
    HWY_TARGET == HWY_SSSE3

using WordLane = hn::Repartition<std::int16_t, IntLane>;
using Words = hn::Vec<WordLane>;

/// Returns x[2i] w[2i] + x[2i + 1] w[2i + 1] of unsigned and signed bytes; Highway 1.0 has no name
/// for it.
HWY_INLINE Words pairs(Ints x, Ints w) {
#if HWY_TARGET == HWY_AVX3
  return Words{_mm512_maddubs_epi16(x.raw, w.raw)};
#elif HWY_TARGET == HWY_AVX2
  return Words{_mm256_maddubs_epi16(x.raw, w.raw)};
#else
  return Words{_mm_maddubs_epi16(x.raw, w.raw)};
#endif
}

/// Keeps additions in their order: compilers would add the four as two and two, which takes more
/// registers than there are.
HWY_INLINE void keep_in_order(Words& x) {
  asm("" : "+v"(x.raw));
}

template <std::size_t kRows, std::size_t kVectors>
HWY_INLINE void add_step(const std::uint8_t* a, std::size_t depth, const std::int8_t* b,
                         Ints (&sum)[kRows][kVectors]) {
  const IntLane d;
  const std::size_t next = next_vector(depth);
  Words run[kRows][kVectors];
  HWY_UNROLL(4)
  for (std::size_t q = 0; q < 4; ++q) {
    Ints w[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) w[v] = weights4(b + q * kLine + v * next);
    HWY_UNROLL(16)
    for (std::size_t i = 0; i < kRows; ++i) {
      const Ints x = broadcast4(a + i * depth + 4 * q);
      HWY_UNROLL(2)
      for (std::size_t v = 0; v < kVectors; ++v) {
        const Words products = pairs(x, w[v]);
        run[i][v] = q == 0 ? products : hn::Add(run[i][v], products);
        keep_in_order(run[i][v]);
      }
    }
  }
  const Words ones = hn::Set(WordLane(), 1);
  Ints unused = hn::Zero(d);  // on x86 all of it goes to the first sum
  HWY_UNROLL(16)
  for (std::size_t i = 0; i < kRows; ++i) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      sum[i][v] = hn::ReorderWidenMulAccumulate(d, run[i][v], ones, sum[i][v], unused);
    }
  }
}

#else

template <std::size_t kRows, std::size_t kVectors>
HWY_INLINE void add_step(const std::uint8_t* a, std::size_t depth, const std::int8_t* b,
                         Ints (&sum)[kRows][kVectors]) {
  const IntLane d;
  const std::size_t next = next_vector(depth);
  for (std::size_t q = 0; q < 4; ++q) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      const Ints w = weights4(b + q * kLine + v * next);
      const Ints weight[4] = {hn::ShiftRight<24>(hn::ShiftLeft<24>(w)),
                              hn::ShiftRight<24>(hn::ShiftLeft<16>(w)),
                              hn::ShiftRight<24>(hn::ShiftLeft<8>(w)), hn::ShiftRight<24>(w)};
      for (std::size_t i = 0; i < kRows; ++i) {
        for (std::size_t k = 0; k < 4; ++k) {
          const Ints x = hn::Set(d, std::int32_t{a[i * depth + 4 * q + k]});
          sum[i][v] = hn::Add(sum[i][v], hn::Mul(x, weight[k]));
        }
      }
    }
  }
}

#endif

}  // namespace
}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggled include guard
