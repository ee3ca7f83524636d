#include "ptattn/train/volt/volt_block.hpp"

#include <algorithm>
#include <string>

#include "ptattn/core/clone.hpp"
#include "ptattn/nn/kernels/elementwise.hpp"
#include "ptattn/nn/kernels/rows.hpp"
#include "ptattn/train/kernels/row_gradients.hpp"
#include "ptattn/train/layers/perceptron_pass.hpp"
#include "ptattn/train/layers/row_passes.hpp"

namespace ptattn::train {
namespace {

void clear(MutableMatrixView x) {
  for (std::size_t i = 0; i < x.rows; ++i) std::fill_n(x.row(i), x.cols, 0.0F);
}

/// Turns the pairs of channels (2j, 2j + 1) of all heads by the angles of each row; `sign` -1 turns
/// them back.
void turn_pairs(MatrixView rotation, float sign, MutableMatrixView x) {
  for (std::size_t i = 0; i < x.rows; ++i) {
    const float* const angle = rotation.row(i);
    for (std::size_t c = 0; c < x.cols; c += 2) {
      const float sine = sign * angle[c % rotation.cols];
      const float cosine = angle[c % rotation.cols + 1];
      float* const pair = x.row(i) + c;
      const float even = pair[0];
      pair[0] = even * cosine - pair[1] * sine;
      pair[1] = pair[1] * cosine + even * sine;
    }
  }
}

/// out = x scale by channel; `out` may be x.
void scale_channels(const Parameter& scale, MatrixView x, MutableMatrixView out) {
  for (std::size_t i = 0; i < x.rows; ++i) {
    for (std::size_t j = 0; j < x.cols; ++j) out(i, j) = x(i, j) * scale.value[j];
  }
}

/// How a branch's result is scaled, and which of its rows are dropped.
struct BranchScaling {
  const Parameter* scale;  // nullptr: not at all
  const RowDrop& drop;
  std::size_t first;  // row of the step that row 0 is
};

/// A branch's result scaled, dropped and added: y = x + drop(scale branch).
void add_branch(MatrixView branch, const BranchScaling& by, MatrixView x, MutableMatrixView y) {
  copy_matrix(branch, y);
  if (by.scale != nullptr) scale_channels(*by.scale, y, y);
  if (by.drop.drops()) by.drop.scale(y, by.first, y);
  add_matrices(x, y, y);
}

/// The derivatives of a branch before scale and drop; adds those of the scale to `sums`.
MatrixView of_branch(MatrixView d, MatrixView branch, const BranchScaling& by,
                     const ChunkSums& sums, ScratchMemory& scratch) {
  const auto& [scale, drop, first] = by;
  if (scale == nullptr && !drop.drops()) return d;
  const MutableMatrixView result = scratch.matrix(d.rows, d.cols);
  copy_matrix(d, result);
  if (drop.drops()) drop.scale(result, first, result);
  if (scale == nullptr) return result;
  float* const d_scale = sums.of(*scale);
  for (std::size_t i = 0; i < d.rows; ++i) {
    for (std::size_t j = 0; j < d.cols; ++j) d_scale[j] += result(i, j) * branch(i, j);
  }
  scale_channels(*scale, result, result);
  return result;
}

}  // namespace

VoltBlock::VoltBlock(ParameterSet& set, const LayerScope& scope, const Shape& shape)
    : heads_(shape.heads), qk_norm_(shape.qk_norm) {
  const std::size_t c = shape.channels;
  const auto hidden = static_cast<std::size_t>(static_cast<double>(c) * shape.mlp_ratio);
  const auto at = [&](const char* name) {
    return LayerScope{scope.name + name, scope.depth, scope.is_head};
  };
  const auto scale = [&](const char* name) {
    return &set.declare(Parameter{.name = scope.name + name,
                                  .shape = {c},
                                  .is_head = scope.is_head,
                                  .depth = scope.depth,
                                  .initial = {.constant = static_cast<float>(*shape.layer_scale)}});
  };
  norm1_ = LayerNormLayer(set, at(".norm1"), c);
  qkv_ = DenseLayer(set, at(".attn.qkv"), c, 3 * c);
  if (qk_norm_) {
    q_norm_ = LayerNormLayer(set, at(".attn.q_norm"), kHeadWidth);
    k_norm_ = LayerNormLayer(set, at(".attn.k_norm"), kHeadWidth);
  }
  attention_ = PatchAttention(c, shape.heads, 0.0);
  proj_ = DenseLayer(set, at(".attn.proj"), c, c);
  if (shape.layer_scale) {
    scale1_ = scale(".ls1.gamma");
    scale2_ = scale(".ls2.gamma");
  }
  norm2_ = LayerNormLayer(set, at(".norm2"), c);
  fc1_ = DenseLayer(set, at(".mlp.fc1"), c, hidden);
  fc2_ = DenseLayer(set, at(".mlp.fc2"), hidden, c);
}

void VoltBlock::pack(ScratchMemory& scratch) {
  for (DenseLayer* layer : {&qkv_, &proj_, &fc1_, &fc2_}) layer->pack(scratch);
}

VoltBlockRecord VoltBlock::forward(const VoltBlockInput& input, MatrixView x, MutableMatrixView y,
                                   ScratchMemory& scratch) const {
  const std::size_t t = x.rows;
  const std::size_t c = x.cols;
  const MutableMatrixView products = scratch.matrix(t, 3 * c);
  const MutableMatrixView qkv = scratch.matrix(t, 3 * c);
  const MutableMatrixView heads = scratch.matrix(t, c);
  project(input, x, products, qkv);
  VoltBlockRecord record{};
  record.x = x;
  record.products = products;
  record.attention = attention_.forward(qkv, input.clouds, {}, heads, scratch);
  const MutableMatrixView attention_branch = scratch.matrix(t, c);
  const MutableMatrixView attended = scratch.matrix(t, c);
  const MutableMatrixView hidden = scratch.matrix(t, fc1_.out());
  const MutableMatrixView perceptron_branch = scratch.matrix(t, c);
  for_each_row_block(t, [&](std::size_t first, std::size_t rows) {
    ScratchMemory of_task;
    const auto part = [&](MutableMatrixView m) { return m.rows_range(first, rows); };
    const MutableMatrixView normed = of_task.matrix(rows, c);
    const MutableMatrixView activated = of_task.matrix(rows, fc1_.out());
    proj_.forward(part(heads), part(attention_branch));
    add_branch(part(attention_branch), {scale1_, input.attention_drop, first},
               x.rows_range(first, rows), part(attended));
    norm2_.forward(part(attended), normed);
    fc1_.forward(normed, part(hidden));
    copy_matrix(part(hidden), activated);
    activate(Activation::kGelu, activated);
    fc2_.forward(activated, part(perceptron_branch));
    add_branch(part(perceptron_branch), {scale2_, input.perceptron_drop, first}, part(attended),
               part(y));
  });
  record.attention_branch = attention_branch;
  record.attended = attended;
  record.hidden = hidden;
  record.perceptron_branch = perceptron_branch;
  return record;
}

/// Queries, keys and values of LN(x), and the first two normalised and turned.
void VoltBlock::project(const VoltBlockInput& input, MatrixView x, MutableMatrixView products,
                        MutableMatrixView qkv) const {
  const std::size_t c = x.cols;
  for_each_row_block(x.rows, [&](std::size_t first, std::size_t rows) {
    ScratchMemory of_task;
    const MutableMatrixView normed = of_task.matrix(rows, c);
    const MutableMatrixView product = products.rows_range(first, rows);
    const MutableMatrixView turned = qkv.rows_range(first, rows);
    norm1_.forward(x.rows_range(first, rows), normed);
    qkv_.forward(normed, product);
    copy_matrix(product, turned);
    for (std::size_t head = 0; head < heads_ && qk_norm_; ++head) {
      const MutableMatrixView q = turned.cols_range(head * kHeadWidth, kHeadWidth);
      const MutableMatrixView k = turned.cols_range(c + head * kHeadWidth, kHeadWidth);
      q_norm_.forward(q, q);
      k_norm_.forward(k, k);
    }
    turn_pairs(input.rotation.rows_range(first, rows), 1.0F, turned.cols_range(0, 2 * c));
  });
}

void VoltBlock::backward(const VoltBlockInput& input, const VoltBlockRecord& record,
                         MutableMatrixView d) const {
  const RowChunks chunks(d.rows);
  ScratchMemory scratch;
  const GradientSums sums(norm1_.first_parameter(), fc2_.last_parameter(), chunks.count(), scratch);
  const MutableMatrixView d_heads = scratch.matrix(d.rows, d.cols);
  const MutableMatrixView d_qkv = scratch.matrix(d.rows, 3 * d.cols);
  backward_perceptron(input, record, chunks, sums, d, d_heads);
  attention_.backward(record.attention, d_heads, d_qkv);
  backward_projection(input, record, chunks, sums, d_qkv, d);
  sums.add_up();
}

/// From derivatives of y in `d` to those of x1, and of what the heads gave.
void VoltBlock::backward_perceptron(const VoltBlockInput& input, const VoltBlockRecord& record,
                                    const RowChunks& chunks, const GradientSums& sums,
                                    MutableMatrixView d, MutableMatrixView d_attention) const {
  for_each_summed_block(
      chunks, sums, [&](std::size_t first, std::size_t rows, const ChunkSums& of_chunk) {
        ScratchMemory of_task;
        const MutableMatrixView d_x = d.rows_range(first, rows);
        backward_perceptron_rows(
            {norm2_, fc1_, fc2_},
            {record.attended.rows_range(first, rows), record.hidden.rows_range(first, rows)},
            of_branch(d_x, record.perceptron_branch.rows_range(first, rows),
                      {scale2_, input.perceptron_drop, first}, of_chunk, of_task),
            of_chunk, d_x, of_task);
        proj_.backward(record.attention.out.rows_range(first, rows),
                       of_branch(d_x, record.attention_branch.rows_range(first, rows),
                                 {scale1_, input.attention_drop, first}, of_chunk, of_task),
                       of_chunk, d_attention.rows_range(first, rows));
      });
}

/// From derivatives of x1 in `d`, and of queries, keys and values, to those of x.
void VoltBlock::backward_projection(const VoltBlockInput& input, const VoltBlockRecord& record,
                                    const RowChunks& chunks, const GradientSums& sums,
                                    MutableMatrixView d_qkv, MutableMatrixView d) const {
  const std::size_t c = d.cols;
  for_each_summed_block(
      chunks, sums, [&](std::size_t first, std::size_t rows, const ChunkSums& of_chunk) {
        ScratchMemory of_task;
        const MatrixView x = record.x.rows_range(first, rows);
        const MatrixView product = record.products.rows_range(first, rows);
        const MutableMatrixView of_qkv = d_qkv.rows_range(first, rows);
        const MutableMatrixView normed = of_task.matrix(rows, c);
        const MutableMatrixView d_normed = of_task.matrix(rows, c);
        turn_pairs(input.rotation.rows_range(first, rows), -1.0F, of_qkv.cols_range(0, 2 * c));
        for (std::size_t head = 0; head < 2 * heads_ && qk_norm_; ++head) {
          const LayerNormLayer& norm = head < heads_ ? q_norm_ : k_norm_;
          const MutableMatrixView part = of_qkv.cols_range(head * kHeadWidth, kHeadWidth);
          const MutableMatrixView before = of_task.matrix(rows, kHeadWidth);
          clear(before);
          norm.backward(product.cols_range(head * kHeadWidth, kHeadWidth), part, of_chunk, before);
          copy_matrix(before, part);
        }
        norm1_.forward(x, normed);
        qkv_.backward(normed, of_qkv, of_chunk, d_normed);
        norm1_.backward(x, d_normed, of_chunk, d.rows_range(first, rows));
      });
}

}  // namespace ptattn::train
