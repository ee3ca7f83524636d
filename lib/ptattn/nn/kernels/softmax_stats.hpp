#pragma once

#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// The two numbers that turn scores into softmax weights, for softmax in several passes.
///
///   largest[i] = max_j x[i, j],  total[i] = sum_j exp(x[i, j] - largest[i])
///
/// On the calling thread. The order of the additions depends on the CPU's vector width and on
/// nothing else.
/// @param x        [n, c], finite, c >= 1
/// @param largest  [n]
/// @param total    [n]
void softmax_stats(MatrixView x, float* largest, float* total);

/// Turns scores into weights whose parts belong to the columns, and sums the rows:
///
///   x[i, j] <- exp(x[i, j] - largest[j]) / total[j],  sums[i] = sum_j x[i, j]
///
/// On the calling thread; weights below exp(kSoftmaxFloor) / total[j] become zero.
/// @param x               [n, c], x[i, j] <= largest[j]
/// @param largest, total  [c]
/// @param sums            [n]
void weights_from_stats(MutableMatrixView x, const float* largest, const float* total, float* sums);

}  // namespace ptattn
