#pragma once

#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// Holds what follows the normalisation of a row: y gamma + beta.
struct NormWeights {
  const float* gamma = nullptr;  ///< [c]; nullptr: ones
  const float* beta = nullptr;   ///< [c]; nullptr: zeros
  float eps = 1e-5F;
};

/// out = gamma (x - mean) / sqrt(variance + eps) + beta for every row, on the calling thread.
///
/// Mean and variance of the row, by two passes. The order of their sums depends on the CPU's vector
/// width and on nothing else.
/// @param x    [n, c]
/// @param out  [n, c]; x itself, or without overlap
void normalize_rows(const NormWeights& weights, MatrixView x, MutableMatrixView out);

/// x <- x + residual, then as above.
/// @param residual  [n, c]; overlaps neither x nor out
void add_normalize_rows(const NormWeights& weights, MatrixView residual, MutableMatrixView x,
                        MutableMatrixView out);

}  // namespace ptattn
