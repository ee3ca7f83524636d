#pragma once

#include <span>

#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// Says how the scores of attention follow from queries and keys, and which of them count.
///
///   E_ij = scale q_i . k_j + key_bias_j + bias_ij
///
/// A score of -infinity masks its pair. A query all of whose pairs are masked attends to nothing:
/// its weights and its result are zero.
struct AttentionScores {
  float scale = 0.0F;                 ///< 0: 1 / sqrt(d)
  std::span<const float> key_bias{};  ///< [n]; empty: none. -infinity: key padding mask
  MatrixView bias{};                  ///< [m, n]; empty: none. Masks and relative encodings
  /// Query i sees keys 0 ... i + (n - m): the queries are the last m of n positions.
  bool causal = false;
  /// Scores and weighted sums multiply numbers rounded to bfloat16 (see Product); softmax and sums
  /// stay float32.
  bool bf16 = false;
};

}  // namespace ptattn
