#pragma once

#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// Averages every column on the calling thread: out[j] = mean_i x[i, j], summed in float64 row by
/// row and rounded once.
/// @param x    [n, c], n >= 1
/// @param out  [c]
void column_mean(MatrixView x, float* out);

/// Takes the largest value of every column on the calling thread: out[j] = max_i x[i, j].
/// @param x    [n, c], n >= 1
/// @param out  [c]
void column_max(MatrixView x, float* out);

/// Sums every row on the calling thread: out[i] = sum_j x[i, j]. The order of the additions depends
/// on the CPU's vector width and on nothing else.
/// @param x    [n, c]
/// @param out  [n]
void row_sums(MatrixView x, float* out);

}  // namespace ptattn
