#pragma once

#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/attention/attention.hpp"
#include "ptattn/nn/linear.hpp"

namespace ptattn {

/// Holds learnt scores of queries and keys of unlike lengths (Bahdanau et al. 2015, appendix
/// A.1.2).
struct AdditiveAttention {
  Linear query;              // [query channels, h]
  Linear key;                // [key channels, h]
  std::vector<float> score;  // [h]
};

/// Returns attention with additive scores.
///
///   E_ij = score^T tanh(query(q_i) + key(k_j)) + key_bias_j + bias_ij
///   out_i = sum_j softmax_j(E_ij) v_j
///
/// Blocked like attention(): no [m, n] matrix exists unless `weights` asks for one.
/// @param q        [m, query channels]
/// @param k        [n, key channels]
/// @param v        [n, c]
/// @param scores   biases and masks as in attention(); `scale` must stay 0, these scores have none
/// @param weights  receives the attention weights [m, n]; nullptr: they never exist
/// @return         [m, c]
/// @throws         Error(Fault::kUsage) when the shapes do not fit each other or a scale is given
/// Time O(m n (h + c)), h hyperbolic tangents a pair; memory O(m (h + c) + n h); parallel over
/// queries; the same bits for any thread count.
[[nodiscard]] Matrix additive_attention(const AdditiveAttention& w, MatrixView q, MatrixView k,
                                        MatrixView v, const AttentionScores& scores = {},
                                        Matrix* weights = nullptr);

}  // namespace ptattn
