#pragma once

#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/nn/kernels/activation.hpp"
#include "ptattn/nn/kernels/gemm.hpp"
#include "ptattn/nn/kernels/packed_matrix.hpp"

namespace ptattn {

/// Represents a fully connected layer as checkpoints store it.
struct DenseWeights {
  Matrix weight;            // [out, in]
  std::vector<float> bias;  // [out]; empty: none
};

/// Returns the part of a layer that works on the input channels [begin, begin + count). Where a
/// layer's input is made of several pieces side by side, it is the sum of such parts, of which one
/// keeps the bias. An empty layer gives an empty part.
[[nodiscard]] DenseWeights input_part(const DenseWeights& layer, std::size_t begin,
                                      std::size_t count, bool with_bias);

/// Represents a fully connected layer, or a convolution of width 1, ready to run.
struct Linear {
  PackedMatrix weight;      // [in, out]
  std::vector<float> bias;  // [out]; empty: none

  Linear() = default;
  explicit Linear(DenseWeights dense);

  /// Rounds the weights to bfloat16, as inputs will be; sums, bias and activation stay float32.
  void round_to_bf16() { weight.round_to_bf16(); }
  /// Quantises the weights to 8 bits, as inputs will be to 7, each row by its own range; bias and
  /// activation stay float32.
  void quantize() { weight.quantize(); }
};

/// Computes c = activation(a b + bias) + residual, in parallel over blocks of c.
/// @param a  [m, k]
/// @param b  [k, n]
/// @param c  [m, n]; overlaps neither a nor the residual
/// @throws   Error(Fault::kUsage) when the shapes do not fit each other
/// Time m n k multiply-adds; the same bits for any thread count.
void multiply(MatrixView a, PackedMatrixView b, const Epilogue& epilogue, MutableMatrixView c);

/// Returns activation(x W + bias) + residual
/// @param x         [n, in], one row a point
/// @param residual  [n, out]; empty: none
/// @return          [n, out]
/// @throws          Error(Fault::kUsage) when the shapes do not fit each other
/// Time n in out multiply-adds; the same bits for any thread count.
[[nodiscard]] Matrix linear(const Linear& layer, MatrixView x,
                            Activation activation = Activation::kNone, MatrixView residual = {});
/// Writes the same to `out` [n, out], which overlaps neither x nor the residual.
void linear(const Linear& layer, MatrixView x, Activation activation, MatrixView residual,
            MutableMatrixView out);
/// Applies the layer without residual, in memory of `scratch`.
[[nodiscard]] MutableMatrixView linear(const Linear& layer, MatrixView x, Activation activation,
                                       ScratchMemory& scratch);
/// Returns x W + bias in memory of `scratch`, as the right-hand side of another product.
[[nodiscard]] PackedMatrixView linear_packed(const Linear& layer, MatrixView x,
                                             ScratchMemory& scratch);

/// Computes out[j] = max over rows i of activation(x W + bias)[i, j]: a layer and the maximum over
/// all points, without the layer's output in between.
/// @param x           [n, in], n >= 1
/// @param activation  one that keeps order (GELU does not)
/// @param out         [1, out]
/// @throws            Error(Fault::kUsage) when the shapes do not fit each other
/// The bits of linear() followed by column_max(), the same for any thread count.
void linear_max(const Linear& layer, MatrixView x, Activation activation, MutableMatrixView out);

}  // namespace ptattn
