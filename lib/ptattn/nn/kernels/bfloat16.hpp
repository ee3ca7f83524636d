#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/scratch_memory.hpp"

namespace ptattn {

/// Rounds to bfloat16, the upper half of a float32: 8 bits of precision, the range of float32.
///
/// To nearest, ties to even; NaN stays NaN. The lower half of the result is zero.
[[nodiscard]] constexpr std::uint32_t round_to_bf16(std::uint32_t bits) {
  constexpr std::uint32_t kInfinity = 0x7F80'0000;
  constexpr std::uint32_t kUpper = 0xFFFF'0000;
  if ((bits & ~0x8000'0000U) > kInfinity) return (bits | 0x0040'0000U) & kUpper;
  return (bits + 0x7FFF + (bits >> 16U & 1U)) & kUpper;
}
[[nodiscard]] constexpr float round_to_bf16(float value) {
  return std::bit_cast<float>(round_to_bf16(std::bit_cast<std::uint32_t>(value)));
}

/// Returns how many words hold a row of `cols` numbers of 16 bits.
[[nodiscard]] constexpr std::size_t bf16_words(std::size_t cols) {
  return (cols + 1) / 2;
}

/// Views rows of bfloat16. Two neighbours share a word of 32 bits, the first one its lower half; of
/// an odd number of columns, zero is the neighbour of the last. The floats are containers of such
/// words and nothing is ever computed with them.
struct Bf16Rows {
  MatrixView words;  ///< [n, bf16_words(c)]
};

/// Rounds the rows of x, on the calling thread. CPUs with the instruction take numbers below 2^-126
/// for zero.
/// @param x      [n, c], any stride
/// @param words  [n, bf16_words(c)], see Bf16Rows; overlaps nothing
void round_rows(MatrixView x, MutableMatrixView words);

/// Rounds the rows of x two by two: the words of a pair of rows hold the numbers of the first row
/// in their lower halves and those of the second in their upper ones, zero where there is none. On
/// the calling thread.
/// @param x      [n, c], any stride
/// @param words  [bf16_words(n), c]; overlaps nothing, or has the place and the stride of x
void round_row_pairs(MatrixView x, MutableMatrixView words);

/// Returns the rounded rows of x in memory of `scratch`.
[[nodiscard]] Bf16Rows rounded_rows(MatrixView x, ScratchMemory& scratch);

}  // namespace ptattn
