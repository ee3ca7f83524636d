#include "ptattn/train/layers/convolution_layer.hpp"

#include <algorithm>
#include <cmath>

#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/sparse_convolution.hpp"
#include "ptattn/train/kernels/row_gradients.hpp"
#include "ptattn/train/kernels/transposed_product.hpp"

namespace ptattn::train {
namespace {

/// Adds the transpose of `sums` [in, out] to `gradient` [out, in].
void add_transpose(MatrixView sums, MutableMatrixView gradient) {
  for (std::size_t o = 0; o < gradient.rows; ++o) {
    float* const row = gradient.row(o);
    for (std::size_t i = 0; i < gradient.cols; ++i) row[i] += sums(i, o);
  }
}

}  // namespace

ConvolutionLayer::ConvolutionLayer(ParameterSet& set, const LayerScope& scope, const Shape& shape)
    : shape_(shape) {
  const std::size_t size = shape.size;
  // About a third of the offsets is occupied.
  const auto inputs = static_cast<float>(volume() * shape.in) / 3.0F;
  weight_ = &set.declare(Parameter{.name = scope.name + ".weight",
                                   .shape = {shape.out, size, size, size, shape.in},
                                   .decays = true,
                                   .is_head = scope.is_head,
                                   .depth = scope.depth,
                                   .initial = {.normal = 1.0F / std::sqrt(inputs)}});
  if (!shape.bias) return;
  bias_ = &set.declare(Parameter{.name = scope.name + ".bias",
                                 .shape = {shape.out},
                                 .is_head = scope.is_head,
                                 .depth = scope.depth});
}

void ConvolutionLayer::pack(ScratchMemory& scratch, bool with_backward) {
  const std::size_t row = volume() * shape_.in;
  const auto slice = [&](std::size_t k) {
    return MatrixView{weight_->value.data() + k * shape_.in, shape_.out, shape_.in, row};
  };
  const auto packed = scratch.take<MutablePackedMatrixView>(2 * volume());
  forward_ = scratch.take<PackedMatrixView>(volume());
  backward_ = scratch.take<PackedMatrixView>(with_backward ? volume() : 0);
  for (std::size_t k = 0; k < volume(); ++k) {
    packed[k] = packed_matrix(shape_.in, shape_.out, scratch);
    forward_[k] = packed[k];
    if (!with_backward) continue;
    packed[volume() + k] = packed_matrix(shape_.out, shape_.in, scratch);
    backward_[volume() - 1 - k] = packed[volume() + k];
  }
  parallel_each(volume(), 1, [&](std::size_t k) {
    pack_transpose(slice(k), packed[k]);
    if (with_backward) ptattn::pack(slice(k), packed[volume() + k]);
  });
  if (!weight_->in_bf16) return;
  for (PackedMatrixView& one : forward_) one = rounded_to_bf16(one, scratch);
  for (PackedMatrixView& one : backward_) one = rounded_to_bf16(one, scratch);
}

void ConvolutionLayer::forward(const KernelMap& map, MatrixView x, MutableMatrixView y) const {
  const std::span<const float> bias = bias_ != nullptr ? bias_->value : std::span<float>{};
  sparse_convolution(ConvolutionSlices{forward_, bias}, map, x, y);
}

void ConvolutionLayer::backward_input(const KernelMap& map, MatrixView d_y,
                                      MutableMatrixView d_x) const {
  sparse_convolution(ConvolutionSlices{backward_, {}}, map, d_y, d_x);
}

void ConvolutionLayer::backward_weight(const KernelMap& map, MatrixView x, MatrixView d_y) const {
  // One task more for the bias.
  parallel_each(volume() + 1, 1, [&](std::size_t k) {
    if (k < volume()) {
      add_slice(map, k, x, d_y);
    } else if (bias_ != nullptr) {
      add_column_sums(d_y, bias_->gradient.data());
    }
  });
}

void ConvolutionLayer::add_slice(const KernelMap& map, std::size_t offset, MatrixView x,
                                 MatrixView d_y) const {
  ScratchMemory scratch;
  const MutableMatrixView sums = scratch.matrix(shape_.in, shape_.out);
  std::fill_n(sums.data, sums.rows * sums.cols, 0.0F);
  if (offset == volume() / 2) {  // every row with itself
    add_transposed_product(x, d_y, sums);
  } else {
    for (std::size_t block = 0; block < map.block_count(); ++block) {
      const KernelMap::Pairs pairs = map.pairs(block, offset);
      const std::size_t first = block * KernelMap::kBlockRows;
      const std::size_t rows = std::min(KernelMap::kBlockRows, d_y.rows - first);
      add_transposed_product(x, pairs.inputs, d_y.rows_range(first, rows), pairs.outputs, sums);
    }
  }
  add_transpose(sums, {weight_->gradient.data() + offset * shape_.in, shape_.out, shape_.in,
                       volume() * shape_.in});
}

}  // namespace ptattn::train
