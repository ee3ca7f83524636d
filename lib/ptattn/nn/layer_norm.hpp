#pragma once

#include <vector>

#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// Holds layer normalisation (Ba et al. 2016) of every row x:
///
///   y = gamma (x - mean x) / sqrt(var x + eps) + beta,  var over the row's c values, divided by c
struct LayerNorm {
  std::vector<float> gamma;  // [c]; empty: ones
  std::vector<float> beta;   // [c]; empty: zeros
  double eps = 1e-5;
};

/// Normalizes rows: out = norm(x)
/// @param x    [n, c]
/// @param out  [n, c]; x itself, or without overlap
/// @throws     Error(Fault::kUsage) when the shapes do not fit each other
/// Time O(n c); rows do not touch each other; the same bits for any thread count.
void layer_norm(const LayerNorm& norm, MatrixView x, MutableMatrixView out);
[[nodiscard]] Matrix layer_norm(const LayerNorm& norm, MatrixView x);

/// Adds a residual and normalizes: x <- x + residual, then out = norm(x), in one pass over memory.
/// With out = x this is the post-norm of Vaswani et al. 2017; with out beside x, the step from one
/// pre-norm sub-layer to the next.
/// @param x         [n, c]
/// @param residual  [n, c]; overlaps neither x nor out
/// @param out       [n, c]; x itself, or without overlap
/// @throws          Error(Fault::kUsage) when the shapes do not fit each other
void add_layer_norm(const LayerNorm& norm, MatrixView residual, MutableMatrixView x,
                    MutableMatrixView out);

}  // namespace ptattn
