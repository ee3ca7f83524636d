#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/kernels/attention_scores.hpp"

namespace ptattn {

/// Computes scaled dot-product attention of one head (Vaswani et al. 2017, eq. 1).
///
///   out_i = sum_j softmax_j(E_ij) v_j
///
/// Exact, blocked over keys with an online softmax (Milakov and Gimelshein 2018; Dao et al. 2022):
/// no [m, n] matrix exists. Weights below exp(kSoftmaxFloor) of a row's largest count as zero, so
/// no denormal number arises.
/// @param q    [m, d], finite; not-a-number leaves open what the rows that it reaches become
/// @param k    [n, d], finite
/// @param v    [n, c]
/// @param out  [m, c]; overlaps nothing
/// @throws     Error(Fault::kUsage) when the shapes do not fit each other
/// Time O(m n (d + c)), memory O(m c + n (d + c)); parallel over queries; the same bits for any
/// thread count.
void attention(MatrixView q, MatrixView k, MatrixView v, const AttentionScores& scores,
               MutableMatrixView out);

/// Returns softmax_j(E_ij) itself, for pictures and for callers that really need it.
/// @return [m, n]; rows sum to 1, or are zero where everything is masked
/// Time and memory O(m n).
[[nodiscard]] Matrix attention_weights(MatrixView q, MatrixView k, const AttentionScores& scores);

/// Computes attention in which query i sees only the keys of its own list.
///
///   out_i = sum_j softmax_j(scale q_i . k_{N_ij} + bias_ij) v_{N_ij}
///
/// @param neighbors  [m, r] row-major indices of keys, each below n
/// @param scores     `bias` is [m, r] here; `key_bias` [n] as above; not `causal`
/// @param out        [m, c]; overlaps nothing
/// @throws           Error(Fault::kUsage) when the shapes do not fit each other
/// Time O(m r (d + c)), memory O(1) beside the result; the same bits for any thread count.
void neighbor_attention(MatrixView q, MatrixView k, MatrixView v,
                        std::span<const std::uint32_t> neighbors, const AttentionScores& scores,
                        MutableMatrixView out);

}  // namespace ptattn
