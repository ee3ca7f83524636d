#include "ptattn/train/unet/unet_block.hpp"

#include <algorithm>

#include "ptattn/core/clone.hpp"
#include "ptattn/nn/kernels/elementwise.hpp"
#include "ptattn/nn/kernels/rotate.hpp"
#include "ptattn/nn/kernels/rows.hpp"
#include "ptattn/train/kernels/row_gradients.hpp"
#include "ptattn/train/layers/perceptron_pass.hpp"
#include "ptattn/train/layers/row_passes.hpp"

namespace ptattn::train {
namespace {

constexpr std::size_t kConvolutionSize = 3;

void clear(MutableMatrixView x) {
  for (std::size_t i = 0; i < x.rows; ++i) std::fill_n(x.row(i), x.cols, 0.0F);
}

/// y = x + drop(layer(input)) for rows from `first` on.
void add_branch(const DenseLayer& layer, MatrixView input, const RowDrop& drop, std::size_t first,
                MatrixView x, MutableMatrixView y) {
  if (!drop.drops()) {
    layer.forward(input, y, Activation::kNone, x);
    return;
  }
  layer.forward(input, y);
  drop.scale(y, first, y);
  add_matrices(x, y, y);
}

/// The derivatives of a branch's result: d where nothing is dropped, else scaled copies.
MatrixView of_branch(MatrixView d, const RowDrop& drop, std::size_t first, ScratchMemory& scratch) {
  if (!drop.drops()) return d;
  const MutableMatrixView scaled = scratch.matrix(d.rows, d.cols);
  drop.scale(d, first, scaled);
  return scaled;
}

/// Rotates queries and keys, two thirds of the rows from `first` on.
void rotate_rows(MatrixView angles, std::size_t first, MutableMatrixView qkv) {
  if (angles.data == nullptr) return;
  constexpr std::size_t kAxes = 3;
  rotate_chunks(angles.rows_range(first, qkv.rows), angles.cols / kAxes,
                qkv.cols_range(0, qkv.cols / 3 * 2));
}

}  // namespace

UnetBlock::UnetBlock(ParameterSet& set, const LayerScope& scope, const Shape& shape)
    : has_convolution_(!shape.conv_name.empty()), has_attention_(shape.has_attention) {
  const std::size_t c = shape.channels;
  const auto hidden = static_cast<std::size_t>(static_cast<double>(c) * shape.mlp_ratio);
  const auto at = [&](const std::string& name) {
    return LayerScope{scope.name + "." + name, scope.depth, scope.is_head};
  };
  if (has_convolution_) {
    cpe0_ = ConvolutionLayer(set, at(shape.conv_name + ".0"),
                             {.in = c, .out = c, .size = kConvolutionSize, .bias = true});
    cpe1_ = DenseLayer(set, at(shape.conv_name + ".1"), c, c);
    cpe2_ = LayerNormLayer(set, at(shape.conv_name + ".2"), c);
  } else {
    cpe2_ = LayerNormLayer(set, at("norm0.0"), c);
  }
  if (!has_attention_) return;
  norm1_ = LayerNormLayer(set, at("norm1.0"), c);
  qkv_ = DenseLayer(set, at("attn.qkv"), c, 3 * c, shape.qkv_bias);
  attention_ = PatchAttention(c, shape.heads, shape.qk_scale);
  if (shape.table_bound > 0) {
    attention_.add_relative_table(set, at("attn.rpe.rpe_table"), shape.table_bound);
  }
  proj_ = DenseLayer(set, at("attn.proj"), c, c);
  norm2_ = LayerNormLayer(set, at("norm2.0"), c);
  fc1_ = DenseLayer(set, at("mlp.0.fc1"), c, hidden);
  fc2_ = DenseLayer(set, at("mlp.0.fc2"), hidden, c);
}

const Parameter& UnetBlock::first_parameter() const {
  return has_convolution_ ? cpe1_.first_parameter() : cpe2_.first_parameter();
}

const Parameter& UnetBlock::last_parameter() const {
  return has_attention_ ? fc2_.last_parameter() : cpe2_.last_parameter();
}

void UnetBlock::pack(ScratchMemory& scratch) {
  if (has_convolution_) {
    cpe0_.pack(scratch);
    cpe1_.pack(scratch);
  }
  if (!has_attention_) return;
  for (DenseLayer* layer : {&qkv_, &proj_, &fc1_, &fc2_}) layer->pack(scratch);
}

UnetBlockRecord UnetBlock::forward(const UnetBlockInput& input, MatrixView conv_input, MatrixView x,
                                   MutableMatrixView y, ScratchMemory& scratch) const {
  const std::size_t n = x.rows;
  const std::size_t c = x.cols;
  UnetBlockRecord record{};
  record.conv_input = conv_input;
  record.convolved = x;
  MutableMatrixView projected{};
  if (has_convolution_) {
    const MutableMatrixView convolved = scratch.matrix(n, c);
    projected = scratch.matrix(n, c);
    cpe0_.forward(input.neighbors, conv_input, convolved);
    record.convolved = convolved;
    record.projected = projected;
  }
  const MutableMatrixView positioned = has_attention_ ? scratch.matrix(n, c) : y;
  position(record, x, projected, positioned);
  record.positioned = positioned;
  if (!has_attention_) return record;
  const MutableMatrixView qkv = scratch.matrix(n, 3 * c);
  const MutableMatrixView heads = scratch.matrix(n, c);
  const MutableMatrixView attended = scratch.matrix(n, c);
  const MutableMatrixView hidden = scratch.matrix(n, fc1_.out());
  project(input, positioned, qkv);
  record.attention = attention_.forward(qkv, input.order, input.cells, heads, scratch);
  finish(input, record, attended, hidden, y);
  record.attended = attended;
  record.hidden = hidden;
  return record;
}

/// x1
void UnetBlock::position(const UnetBlockRecord& record, MatrixView x, MutableMatrixView projected,
                         MutableMatrixView positioned) const {
  for_each_row_block(x.rows, [&](std::size_t first, std::size_t rows) {
    const MutableMatrixView x1 = positioned.rows_range(first, rows);
    if (!has_convolution_) {
      cpe2_.forward(x.rows_range(first, rows), x1);
      return;
    }
    const MutableMatrixView product = projected.rows_range(first, rows);
    cpe1_.forward(record.convolved.rows_range(first, rows), product);
    cpe2_.forward(product, x1);
    add_matrices(x.rows_range(first, rows), x1, x1);
  });
}

/// Queries, keys and values of LN(x1).
void UnetBlock::project(const UnetBlockInput& input, MatrixView positioned,
                        MutableMatrixView qkv) const {
  for_each_row_block(positioned.rows, [&](std::size_t first, std::size_t rows) {
    ScratchMemory of_task;
    const MutableMatrixView normed = of_task.matrix(rows, positioned.cols);
    norm1_.forward(positioned.rows_range(first, rows), normed);
    qkv_.forward(normed, qkv.rows_range(first, rows));
    rotate_rows(input.rotation.angles, first, qkv.rows_range(first, rows));
  });
}

/// x2 and y
void UnetBlock::finish(const UnetBlockInput& input, const UnetBlockRecord& record,
                       MutableMatrixView attended, MutableMatrixView hidden,
                       MutableMatrixView y) const {
  for_each_row_block(y.rows, [&](std::size_t first, std::size_t rows) {
    ScratchMemory of_task;
    const MutableMatrixView normed = of_task.matrix(rows, y.cols);
    const MutableMatrixView activated = of_task.matrix(rows, fc1_.out());
    const MutableMatrixView x2 = attended.rows_range(first, rows);
    const MutableMatrixView z = hidden.rows_range(first, rows);
    add_branch(proj_, record.attention.out.rows_range(first, rows), input.attention_drop, first,
               record.positioned.rows_range(first, rows), x2);
    norm2_.forward(x2, normed);
    fc1_.forward(normed, z);
    copy_matrix(z, activated);
    activate(Activation::kGelu, activated);
    add_branch(fc2_, activated, input.perceptron_drop, first, x2, y.rows_range(first, rows));
  });
}

void UnetBlock::backward(const UnetBlockInput& input, const UnetBlockRecord& record,
                         MutableMatrixView d, MutableMatrixView d_conv) const {
  const RowChunks chunks(d.rows);
  ScratchMemory scratch;
  const GradientSums sums(first_parameter(), last_parameter(), chunks.count(), scratch);
  const MutableMatrixView d_rows = scratch.matrix(d.rows, d.cols);
  if (has_attention_) {
    const MutableMatrixView d_qkv = scratch.matrix(d.rows, 3 * d.cols);
    backward_perceptron(input, record, chunks, sums, d, d_rows);
    attention_.backward(record.attention, d_rows, d_qkv);
    backward_projection(input, record, chunks, sums, d_qkv, d);
  }
  backward_position(record, chunks, sums, d, d_rows);
  sums.add_up();
  if (has_convolution_) {
    cpe0_.backward_weight(input.neighbors, record.conv_input, d_rows);
    cpe0_.backward_input(input.neighbors, d_rows, d_conv);
  } else {
    clear(d_conv);
  }
}

/// From derivatives of y in `d` to those of x2, and of what the heads gave.
void UnetBlock::backward_perceptron(const UnetBlockInput& input, const UnetBlockRecord& record,
                                    const RowChunks& chunks, const GradientSums& sums,
                                    MutableMatrixView d, MutableMatrixView d_attention) const {
  for_each_summed_block(
      chunks, sums, [&](std::size_t first, std::size_t rows, const ChunkSums& of_chunk) {
        ScratchMemory of_task;
        const MutableMatrixView d_x = d.rows_range(first, rows);
        backward_perceptron_rows(
            {norm2_, fc1_, fc2_},
            {record.attended.rows_range(first, rows), record.hidden.rows_range(first, rows)},
            of_branch(d_x, input.perceptron_drop, first, of_task), of_chunk, d_x, of_task);
        proj_.backward(record.attention.out.rows_range(first, rows),
                       of_branch(d_x, input.attention_drop, first, of_task), of_chunk,
                       d_attention.rows_range(first, rows));
      });
}

/// From derivatives of x2 in `d`, and of queries, keys and values, to those of x1.
void UnetBlock::backward_projection(const UnetBlockInput& input, const UnetBlockRecord& record,
                                    const RowChunks& chunks, const GradientSums& sums,
                                    MutableMatrixView d_qkv, MutableMatrixView d) const {
  for_each_summed_block(chunks, sums,
                        [&](std::size_t first, std::size_t rows, const ChunkSums& of_chunk) {
                          ScratchMemory of_task;
                          const MatrixView x1 = record.positioned.rows_range(first, rows);
                          const MutableMatrixView of_qkv = d_qkv.rows_range(first, rows);
                          const MutableMatrixView normed = of_task.matrix(rows, d.cols);
                          const MutableMatrixView d_normed = of_task.matrix(rows, d.cols);
                          rotate_rows(input.rotation.backward, first, of_qkv);
                          norm1_.forward(x1, normed);
                          qkv_.backward(normed, of_qkv, of_chunk, d_normed);
                          norm1_.backward(x1, d_normed, of_chunk, d.rows_range(first, rows));
                        });
}

/// From derivatives of x1 in `d` to those of x, and of what the convolution gave.
void UnetBlock::backward_position(const UnetBlockRecord& record, const RowChunks& chunks,
                                  const GradientSums& sums, MutableMatrixView d,
                                  MutableMatrixView d_convolved) const {
  for_each_summed_block(
      chunks, sums, [&](std::size_t first, std::size_t rows, const ChunkSums& of_chunk) {
        ScratchMemory of_task;
        const MutableMatrixView d_x = d.rows_range(first, rows);
        const MutableMatrixView d_normed = of_task.matrix(rows, d.cols);
        clear(d_normed);
        if (!has_convolution_) {
          cpe2_.backward(record.convolved.rows_range(first, rows), d_x, of_chunk, d_normed);
          copy_matrix(d_normed, d_x);
          return;
        }
        cpe2_.backward(record.projected.rows_range(first, rows), d_x, of_chunk, d_normed);
        cpe1_.backward(record.convolved.rows_range(first, rows), d_normed, of_chunk,
                       d_convolved.rows_range(first, rows));
      });
}

}  // namespace ptattn::train
