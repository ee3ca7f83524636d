#include "ptattn/train/layers/convolution_layer.hpp"

#include <algorithm>
#include <cmath>

#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/sparse_convolution.hpp"
#include "ptattn/train/kernels/row_gradients.hpp"
#include "ptattn/train/kernels/transposed_product.hpp"
#include "ptattn/train/layers/row_passes.hpp"

namespace ptattn::train {
namespace {

constexpr std::size_t kMostChunks = 16;
constexpr std::size_t kCacheFloats = std::size_t{1} << 18;  // half of a second-level cache
constexpr std::size_t kWidth = 16;  // columns of sums come in multiples of it: whole vectors

/// x with its columns filled up with zeros to a multiple of kWidth; x itself where it is one.
MatrixView filled_up(MatrixView x, ScratchMemory& scratch) {
  const std::size_t width = (x.cols + kWidth - 1) / kWidth * kWidth;
  if (width == x.cols) return x;
  const MutableMatrixView filled = scratch.matrix(x.rows, width);
  for_each_row_block(x.rows, [&](std::size_t first, std::size_t rows) {
    for (std::size_t i = first; i < first + rows; ++i) {
      std::fill_n(std::copy_n(x.row(i), x.cols, filled.row(i)), width - x.cols, 0.0F);
    }
  });
  return filled;
}

/// Blocks of the map that one task takes together. Where x and d_y lie in the cache there is one
/// chunk, and a task takes one offset; else a task takes all offsets of a chunk, so that rows pass
/// once. Depends on the shapes alone, as the order of the sums does.
RowChunks block_chunks(const KernelMap& map, MatrixView x, MatrixView d_y) {
  const std::size_t floats = map.rows() * (x.cols + d_y.cols);
  const std::size_t chunks = std::min(kMostChunks, map.block_count());
  return {map.block_count(), floats > kCacheFloats ? chunks : std::min<std::size_t>(1, chunks)};
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
  ScratchMemory scratch;
  const MatrixView inputs = filled_up(x, scratch);
  const RowChunks chunks = block_chunks(map, inputs, d_y);
  const std::size_t slice = shape_.out * inputs.cols;
  const auto sums = scratch.take<float>(chunks.count() * volume() * slice);
  const auto sums_of = [&](std::size_t chunk, std::size_t k) {
    return MutableMatrixView{sums.data() + (chunk * volume() + k) * slice, shape_.out, inputs.cols,
                             inputs.cols};
  };
  const std::size_t parts = chunks.count() > 1 ? 1 : volume();  // of the offsets
  parallel_each(chunks.count() * parts + 1, 1, [&](std::size_t task) {
    if (task == 0) {
      if (bias_ != nullptr) add_column_sums(d_y, bias_->gradient.data());
      return;
    }
    const std::size_t chunk = (task - 1) / parts;
    const std::size_t first = (task - 1) % parts;
    const std::size_t last = parts > 1 ? first + 1 : volume();
    for (std::size_t k = first; k < last; ++k) {
      std::fill_n(sums_of(chunk, k).data, slice, 0.0F);
    }
    for (std::size_t b = chunks.begin(chunk); b < chunks.end(chunk); ++b) {
      for (std::size_t k = first; k < last; ++k) {
        add_slice(map, {b, k}, inputs, d_y, sums_of(chunk, k));
      }
    }
  });
  parallel_each(volume(), 1, [&](std::size_t k) {
    for (std::size_t o = 0; o < shape_.out; ++o) {
      float* const row = weight_->gradient.data() + (o * volume() + k) * shape_.in;
      for (std::size_t chunk = 0; chunk < chunks.count(); ++chunk) {
        const float* const sum = sums_of(chunk, k).row(o);
        for (std::size_t i = 0; i < shape_.in; ++i) row[i] += sum[i];
      }
    }
  });
}

/// sums += sum over pairs (p, q) of the slice of d_y_q x_p^T
void ConvolutionLayer::add_slice(const KernelMap& map, const Slice& slice, MatrixView x,
                                 MatrixView d_y, MutableMatrixView sums) const {
  const std::size_t first = slice.block * KernelMap::kBlockRows;
  const std::size_t rows = std::min(KernelMap::kBlockRows, d_y.rows - first);
  if (slice.offset == volume() / 2) {  // every row with itself
    add_transposed_product(d_y.rows_range(first, rows), x.rows_range(first, rows), sums);
    return;
  }
  const KernelMap::Pairs pairs = map.pairs(slice.block, slice.offset);
  add_transposed_product(d_y.rows_range(first, rows), pairs.outputs, x, pairs.inputs, sums);
}

}  // namespace ptattn::train
