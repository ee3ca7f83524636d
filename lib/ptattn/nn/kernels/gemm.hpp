#pragma once

#include <cstddef>

#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/activation.hpp"
#include "ptattn/nn/kernels/packed_matrix.hpp"

namespace ptattn {

/// What happens to a matrix product before it is stored.
struct Epilogue {
  const float* bias = nullptr;  ///< [cols of b]; nullptr: none
  Activation activation = Activation::kNone;
  MatrixView residual{};  ///< added after the activation, shape of c; empty: none
};

/// Matrix product on the calling thread.
///
///   c = activation(a b + bias) + residual    for the columns of b's panels [panel_begin,
///   panel_end)
///
/// @param a  [m, k], any stride
/// @param b  [k, n]
/// @param c  [m, n], any stride; other columns stay as they are; overlaps neither a nor the
/// residual Every element is one chain of multiply-adds over k = 0, 1, 2, ... (fused where the CPU
/// can), whatever rows and panels share the call: splitting a product over calls changes no bit.
/// Time m n k multiply-adds.
void gemm(MatrixView a, const PackedMatrix& b, std::size_t panel_begin, std::size_t panel_end,
          const Epilogue& epilogue, MutableMatrixView c);

}  // namespace ptattn
