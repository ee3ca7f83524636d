#pragma once

#include <span>

#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/kernels/attention_scores.hpp"

namespace ptattn {

/// out_i = sum_j softmax_j(score^T tanh(q_i + k_j) + biases) v_j on the calling thread, shapes
/// unchecked.
/// @param score  [h]
/// @param q      [m, h]
/// @param k      [n, h]
/// @param v      [n, c]
/// @param out    [m, c]; overlaps nothing
void additive_attention_on_this_thread(std::span<const float> score, MatrixView q, MatrixView k,
                                       MatrixView v, const AttentionScores& scores,
                                       MutableMatrixView out);

/// out_ij = score^T tanh(q_i + k_j) on the calling thread, shapes unchecked.
/// @param out  [m, n]; overlaps nothing
void additive_scores_on_this_thread(std::span<const float> score, MatrixView q, MatrixView k,
                                    MutableMatrixView out);

}  // namespace ptattn
