#pragma once

#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/layer_norm.hpp"
#include "ptattn/nn/sum.hpp"
#include "ptattn/nn/transformer/norm_order.hpp"

namespace ptattn {

/// One residual step of a Transformer layer, in place, whatever the sub-layer f does:
///
///   post-norm   x <- norm(x + f(x))
///   pre-norm    x <- x + f(norm(x))
///
/// @param f  [n, c] -> Matrix [n, c]
template <class Sublayer>
void residual_step(NormOrder order, const LayerNorm& norm, MutableMatrixView x, const Sublayer& f) {
  if (order == NormOrder::kPost) {
    add_layer_norm(norm, f(MatrixView(x)), x, x);
    return;
  }
  const Matrix step = f(MatrixView(layer_norm(norm, x)));
  add_to(x, step);
}

}  // namespace ptattn
