#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/batch_norm.hpp"
#include "ptattn/nn/encoding/relative_encoding.hpp"
#include "ptattn/nn/linear.hpp"

namespace ptattn {

/// Holds layers of vector_attention. Groups of channels share their weights: `weight_out` holds the
/// checkpoint's c / s rows s times, so that its result has a column for every channel.
struct VectorAttentionWeights {
  Linear query;                 // [c, c]
  Linear key;                   // [c, c]
  Linear value;                 // [c, c]
  RelativeMlpWeights position;  // 3 -> 3 -> c, theta
  Affine weight_norm;           // [c], first layer of gamma
  Linear weight_hidden;         // [c, c / s], with its batch norm folded in
  Linear weight_out;            // [c / s, c]
};

/// Receives the attention weights [k, c] of a query's neighbours; its columns sum to 1.
using VectorAttentionListener = std::function<void(std::size_t query, MatrixView weights)>;

/// Computes vector self-attention over the neighbourhoods of one cloud (Zhao et al. 2021, Point
/// Transformer, eq. 3), whose weights are vectors, one value a channel:
///
///   out_i = sum_j softmax_j(gamma(phi(x_j) - psi(x_i) + delta_ij)) * (alpha(x_j) + delta_ij)
///   delta_ij = theta(p_j - p_i)
///
/// with phi, psi, alpha = key, query, value, and gamma = norm, ReLU, weight_hidden, ReLU,
/// weight_out. Moving all points together changes nothing beyond rounding.
/// @param positions  [n, 3]
/// @param x          [n, c]
/// @param neighbors  [n, k] row-major, each below n
/// @param out        [n, c]; overlaps nothing
/// @param listener   is called for query 0, 1, ...; empty: no listener, all cores work
/// @throws           Error(Fault::kUsage) when the shapes do not fit each other
/// Time O(n c^2 + n k c^2 / s), memory O(n c): rows of neighbours never exist as a whole; parallel
/// over queries; the same bits for any thread count.
void vector_attention(const VectorAttentionWeights& w, MatrixView positions, MatrixView x,
                      std::span<const std::uint32_t> neighbors, MutableMatrixView out,
                      const VectorAttentionListener& listener = {});

}  // namespace ptattn
