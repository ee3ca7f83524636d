#pragma once

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/nn/kernels/bfloat16.hpp"

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

}  // namespace ptattn
