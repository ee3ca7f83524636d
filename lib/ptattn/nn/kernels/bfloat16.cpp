#include "ptattn/nn/kernels/bfloat16.hpp"

#include "ptattn/core/cpu_level.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ptattn/nn/kernels/bfloat16.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/highway.h>

#include "ptattn/nn/kernels/bfloat16-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

void round_row(const std::uint32_t* from, std::size_t cols, std::uint32_t* to) {
  const WordLane d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t j = 0;
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
  if (cpu_has_bf16()) {
    for (; j + 16 <= cols; j += 16) {
      // The instruction rounds as round_to_bf16 does, but for numbers below 2^-126, which become 0.
      __m256i rounded;
      asm("vcvtneps2bf16 %1, %0" : "=v"(rounded) : "v"(_mm512_loadu_ps(from + j)));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + j / 2), rounded);
    }
  }
#endif
  for (; j + 2 * lanes <= cols; j += 2 * lanes) {
    Words first;
    Words second;
    hn::LoadInterleaved2(d, from + j, first, second);
    hn::StoreU(pair_words(first, second), d, to + j / 2);
  }
  for (; j < cols; j += 2) {
    const std::uint32_t second = j + 1 < cols ? round_to_bf16(from[j + 1]) : 0;
    to[j / 2] = second | round_to_bf16(from[j]) >> 16U;
  }
}

void round_pair(const std::uint32_t* first, const std::uint32_t* second, std::size_t cols,
                std::uint32_t* to) {
  const WordLane d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t j = 0;
  for (; j + lanes <= cols; j += lanes) {
    hn::StoreU(pair_words(hn::LoadU(d, first + j), hn::LoadU(d, second + j)), d, to + j);
  }
  for (; j < cols; ++j) to[j] = round_to_bf16(second[j]) | round_to_bf16(first[j]) >> 16U;
}

}  // namespace

void round_all_pairs(MatrixView x, MutableMatrixView words) {
  const auto row_of = [&](std::size_t i) {
    return reinterpret_cast<const std::uint32_t*>(x.row(i));
  };
  for (std::size_t i = 0; i + 1 < x.rows; i += 2) {
    round_pair(row_of(i), row_of(i + 1), x.cols,
               reinterpret_cast<std::uint32_t*>(words.row(i / 2)));
  }
  if (x.rows % 2 == 0) return;
  auto* const last = reinterpret_cast<std::uint32_t*>(words.row(x.rows / 2));
  for (std::size_t j = 0; j < x.cols; ++j) {
    last[j] = round_to_bf16(row_of(x.rows - 1)[j]) >> 16U;
  }
}

void round_all(MatrixView x, MutableMatrixView words) {
  for (std::size_t i = 0; i < x.rows; ++i) {
    round_row(reinterpret_cast<const std::uint32_t*>(x.row(i)), x.cols,
              reinterpret_cast<std::uint32_t*>(words.row(i)));
  }
}

}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ptattn {

HWY_EXPORT(round_all);
HWY_EXPORT(round_all_pairs);

void round_rows(MatrixView x, MutableMatrixView words) {
  HWY_DYNAMIC_DISPATCH(round_all)(x, words);
}

void round_row_pairs(MatrixView x, MutableMatrixView words) {
  HWY_DYNAMIC_DISPATCH(round_all_pairs)(x, words);
}

Bf16Rows rounded_rows(MatrixView x, ScratchMemory& scratch) {
  const MutableMatrixView words = scratch.matrix(x.rows, bf16_words(x.cols));
  round_rows(x, words);
  return {words};
}

}  // namespace ptattn
#endif  // HWY_ONCE
