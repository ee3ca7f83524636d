#pragma once

#include "ptattn/core/matrix.hpp"

namespace ptattn::train {

/// Holds what went into attention of one head and what came out of it; see ptattn::attention.
struct AttentionRecord {
  MatrixView q;           ///< [m, d]
  MatrixView k;           ///< [n, d]
  MatrixView v;           ///< [n, c]
  MatrixView out;         ///< [m, c]
  const float* log_sums;  ///< [m] log2 of the sum of 2^(E_ij log2 e), of attention_with_sums
  float scale;            ///< of the scores, not 0
  MatrixView bias{};      ///< [m, n]; empty: none
};

/// Holds derivatives of what went in, all of them written. Views may have any stride.
struct AttentionDerivatives {
  MutableMatrixView q;       ///< [m, d]
  MutableMatrixView k;       ///< [n, d]
  MutableMatrixView v;       ///< [n, c]
  MutableMatrixView bias{};  ///< [m, n]; empty: not wanted
};

/// The backward pass of one head of attention, on the calling thread (Dao et al. 2022,
/// FlashAttention, algorithm 4): weights are computed again from queries, keys and the sums of the
/// forward pass, for 128 keys and one panel of queries at a time.
///
///   P_ij = exp(E_ij) / sum_j exp(E_ij),  D_i = d_out_i . out_i
///   d_v_j = sum_i P_ij d_out_i,  d_E_ij = P_ij (d_out_i . v_j - D_i)
///   d_q_i = scale sum_j d_E_ij k_j,  d_k_j = scale sum_i d_E_ij q_i,  d_bias_ij = d_E_ij
///
/// Time 5/2 of the forward pass's; memory O(m (d + c)) of the thread's ScratchMemory.
void attention_gradient(const AttentionRecord& record, MatrixView d_out,
                        const AttentionDerivatives& derivatives);

}  // namespace ptattn::train
