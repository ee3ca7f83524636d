#pragma once

#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/kernels/attention_scores.hpp"

namespace ptattn {

/// ptattn::attention on the calling thread and with its shapes unchecked: what patches and heads
/// that run side by side call. Any strides; views of columns of a fused [n, 3c] projection will do.
void attention_on_this_thread(MatrixView q, MatrixView k, MatrixView v,
                              const AttentionScores& scores, MutableMatrixView out);

/// The same, with what a backward pass needs to find the weights again:
///
///   log_sums[i] = log2 sum_j exp(E_ij), weight_ij = 2^(E_ij log2 e - log_sums[i])
///
/// @param log_sums  [q.rows], written; infinity for a query that saw no key
void attention_on_this_thread(MatrixView q, MatrixView k, MatrixView v,
                              const AttentionScores& scores, MutableMatrixView out,
                              float* log_sums);

}  // namespace ptattn
