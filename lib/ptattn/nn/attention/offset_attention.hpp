#pragma once

#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/linear.hpp"

namespace ptattn {

struct OffsetAttentionWeights {
  Linear query_key;  // [c, d], queries and keys share it
  Linear value;      // [c, c]
  Linear transform;  // [c, c], with its batch norm folded in
};

/// Computes offset attention over one cloud (Guo et al. 2021, PCT, section 3.3), single head.
///
///   E = Q K^T, without 1/sqrt(d);  S_ij = softmax over keys j of E_ij
///   A_ij = S_ij / (1e-9 + sum_i S_ij)
///   r_j = sum_i A_ij v_i
///   out = x + ReLU(BN(transform(x - r)))
///
/// Permuting the points permutes the rows and changes no value beyond rounding.
/// @param x    [n, c], one row a point
/// @param out  [n, c]; does not overlap x
/// @param attention_weights  receives, unless null, [n, n] the weights with which the result of
///             each point is made: row j holds A_ij for every i, its sum is 1
/// @throws     Error(Fault::kUsage) when the shapes do not fit each other
/// Exact, in two passes over blocks of the scores: for more than 512 points no [n, n] matrix exists
/// unless asked for. Time O(n c (c + d) + n^2 (c + d)), memory O(n (c + d)) and 32 rows of scores a
/// thread; the same bits for any thread count.
void offset_attention(const OffsetAttentionWeights& w, MatrixView x, MutableMatrixView out,
                      Matrix* attention_weights = nullptr);

/// Computes what lies between its layers: x_j - r_j = x_j - sum_i A_ij v_i.
/// @param qk      [n, d], queries that are keys as well
/// @param values  [n, c], the rows v_i
/// @param out     [n, c]
void attention_offset(MatrixView qk, PackedMatrixView values, MatrixView x, MutableMatrixView out,
                      Matrix* attention_weights = nullptr);

}  // namespace ptattn
