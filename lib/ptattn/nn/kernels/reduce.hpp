#pragma once

#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// out[j] = max_i x[i, j], on the calling thread.
/// @param x    [n, c], n >= 1
/// @param out  [c]
void column_max(MatrixView x, float* out);

/// out[i] = sum_j x[i, j], on the calling thread. The order of the additions depends on the CPU's
/// vector width and on nothing else.
/// @param x    [n, c]
/// @param out  [n]
void row_sums(MatrixView x, float* out);

}  // namespace ptattn
