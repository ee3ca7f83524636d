#include "ptattn/train/layers/dense_layer.hpp"

#include <cmath>
#include <vector>

#include "ptattn/nn/kernels/gemm.hpp"
#include "ptattn/train/kernels/row_gradients.hpp"
#include "ptattn/train/kernels/transposed_product.hpp"

namespace ptattn::train {

DenseLayer::DenseLayer(ParameterSet& set, const LayerScope& scope, std::size_t in, std::size_t out,
                       bool bias)
    : in_(in), out_(out) {
  // As PyTorch does it: both uniform within 1 / sqrt(in).
  const InitialValues initial{.uniform = 1.0F / std::sqrt(static_cast<float>(in))};
  std::vector<std::size_t> shape{out, in};
  if (scope.is_convolution) shape.push_back(1);
  weight_ = &set.declare(Parameter{.name = scope.name + ".weight",
                                   .shape = shape,
                                   .decays = true,
                                   .is_head = scope.is_head,
                                   .depth = scope.depth,
                                   .initial = initial});
  if (!bias) return;
  bias_ = &set.declare(Parameter{.name = scope.name + ".bias",
                                 .shape = {out},
                                 .is_head = scope.is_head,
                                 .depth = scope.depth,
                                 .initial = initial});
}

void DenseLayer::pack(ScratchMemory& scratch) {
  const MatrixView weight{weight_->value.data(), out_, in_, in_};
  forward_ = packed_transpose(weight, scratch);
  const MutablePackedMatrixView backward = packed_matrix(out_, in_, scratch);
  ptattn::pack(weight, backward);
  backward_ = backward;
  if (!weight_->in_bf16) return;
  forward_ = rounded_to_bf16(forward_, scratch);
  backward_ = rounded_to_bf16(backward_, scratch);
}

void DenseLayer::forward(MatrixView x, MutableMatrixView y, Activation activation,
                         MatrixView residual) const {
  gemm(x, forward_, 0, forward_.panels(),
       {.bias = bias_ != nullptr ? bias_->value.data() : nullptr,
        .activation = activation,
        .residual = residual},
       y);
}

void DenseLayer::backward(MatrixView x, MatrixView d_y, const ChunkSums& sums,
                          MutableMatrixView d_x) const {
  const MutableMatrixView of_weight{sums.of(*weight_), out_, in_, in_};
  if (weight_->in_bf16) {
    add_transposed_product_bf16(d_y, x, of_weight);
  } else {
    add_transposed_product(d_y, x, of_weight);
  }
  if (bias_ != nullptr) add_column_sums(d_y, sums.of(*bias_));
  if (d_x.data != nullptr) gemm(d_y, backward_, 0, backward_.panels(), {}, d_x);
}

}  // namespace ptattn::train
