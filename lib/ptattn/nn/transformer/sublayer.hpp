#pragma once

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/kernels/rows.hpp"
#include "ptattn/nn/layer_norm.hpp"
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
  constexpr std::size_t kRowsPerTask = 128;
  if (order == NormOrder::kPost) {
    add_layer_norm(norm, f(MatrixView(x)), x, x);
    return;
  }
  const Matrix step = f(MatrixView(layer_norm(norm, x)));
  parallel_ranges(x.rows, kRowsPerTask, [&](std::size_t begin, std::size_t end) {
    const MutableMatrixView part = x.rows_range(begin, end - begin);
    add_matrices(part, step.view().rows_range(begin, end - begin), part);
  });
}

}  // namespace ptattn
