#pragma once

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/nn/int8_linear.hpp"
#include "ptattn/nn/kernels/bfloat16.hpp"
#include "ptattn/nn/kernels/packed_matrix.hpp"

namespace ptattn {

/// Returns the rounded rows of x in memory of `scratch`, in parallel over rows.
[[nodiscard]] inline Bf16Rows rounded_in_parallel(MatrixView x, ScratchMemory& scratch) {
  constexpr std::size_t kRows = 256;  // of a task
  const MutableMatrixView words = scratch.matrix(x.rows, bf16_words(x.cols));
  parallel_ranges(x.rows, kRows, [&](std::size_t begin, std::size_t end) {
    round_rows(x.rows_range(begin, end - begin), words.rows_range(begin, end - begin));
  });
  return {words};
}

/// Calls body with the rows of x as products with `weights` take them: a MatrixView, Bf16Rows or a
/// ByteRowsView, converted once, in parallel over rows.
template <class Body>
void with_rows_for(PackedMatrixView weights, MatrixView x, const Body& body) {
  if (weights.is_float32()) return body(x);
  ScratchMemory scratch;
  if (weights.is_bf16) return body(rounded_in_parallel(x, scratch));
  body(quantized(x, scratch));
}

}  // namespace ptattn
