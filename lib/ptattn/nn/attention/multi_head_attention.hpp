#pragma once

#include <cstddef>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/attention/attention.hpp"
#include "ptattn/nn/attention/key_value_cache.hpp"
#include "ptattn/nn/linear.hpp"

namespace ptattn {

/// Holds weights under the names of torch.nn.MultiheadAttention: `in_proj_weight`, or the three
/// separate projections where keys and values have widths of their own (its kdim and vdim).
struct MultiHeadWeights {
  std::size_t heads = 1;
  Matrix in_proj_weight;            // [3 c, c]: of queries, keys, values; empty: the next three
  Matrix q_proj_weight;             // [c, c]
  Matrix k_proj_weight;             // [c, key channels]
  Matrix v_proj_weight;             // [c, value channels]
  std::vector<float> in_proj_bias;  // [3 c]; empty: none
  DenseWeights out_proj;            // [c, c]
};

/// Holds multi-head attention, ready to run.
struct MultiHeadAttention {
  std::size_t heads = 1;
  Linear query;  // [c, c], head after head
  Linear key;    // [key channels, c]
  Linear value;  // [value channels, c]
  Linear out;    // [c, c]

  MultiHeadAttention() = default;
  /// @throws Error(Fault::kUsage) when the shapes do not fit each other, or heads do not divide c
  explicit MultiHeadAttention(MultiHeadWeights weights);

  [[nodiscard]] std::size_t channels() const { return out.weight.rows(); }
};

/// Returns multi-head attention (Vaswani et al. 2017, section 3.2.2): with d = c / heads,
///
///   head_h = softmax(q Wq_h (k Wk_h)^T / sqrt(d) + bias) v Wv_h
///   out = [head_1 ... head_heads] Wo
///
/// Self-attention where q, k and v are one matrix, cross-attention where k and v are another.
/// @param q        [m, c]
/// @param k        [n, key channels]
/// @param v        [n, value channels]
/// @param scores   key padding, masks, causal, as in attention(); `bias` is [m, n] for all heads or
///                 [heads m, n], head after head
/// @param weights  receives the attention weights [heads m, n], head after head; nullptr: they
///                 never exist
/// @return         [m, c]
/// @throws         Error(Fault::kUsage) when the shapes do not fit each other
/// Time O((m + n) c^2 + m n c), memory O((m + n) c); the same bits for any thread count.
[[nodiscard]] Matrix multi_head_attention(const MultiHeadAttention& w, MatrixView q, MatrixView k,
                                          MatrixView v, const AttentionScores& scores = {},
                                          Matrix* weights = nullptr);

/// Appends new positions to a cache, so that keys and values are projected once: append them, then
/// attend to all of them. Decoding step by step with
///
///   append_keys_values(w, x, x, cache);
///   y = multi_head_attention(w, x, cache, {.causal = true});   // x: the last m positions
///
/// gives the same bits as one causal pass over all positions, however they are cut into steps. A
/// cache filled once from an encoder's output serves every step's cross-attention.
void append_keys_values(const MultiHeadAttention& w, MatrixView k, MatrixView v,
                        KeyValueCache& cache);
[[nodiscard]] Matrix multi_head_attention(const MultiHeadAttention& w, MatrixView q,
                                          const KeyValueCache& cache,
                                          const AttentionScores& scores = {},
                                          Matrix* weights = nullptr);

}  // namespace ptattn
