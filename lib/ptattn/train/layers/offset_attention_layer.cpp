#include "ptattn/train/layers/offset_attention_layer.hpp"

#include <algorithm>
#include <cmath>

#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/kernels/gemm.hpp"
#include "ptattn/nn/kernels/softmax.hpp"
#include "ptattn/train/kernels/transposed_product.hpp"
#include "ptattn/train/layers/row_passes.hpp"

namespace ptattn::train {
namespace {

constexpr float kEpsilon = 1e-9F;  // of the columns' sums

/// The rows of one cloud and where its [t, t] numbers begin.
struct Cloud {
  std::size_t first;
  std::size_t rows;
  std::size_t square;
};

Cloud cloud_at(std::span<const std::size_t> ends, std::size_t index) {
  Cloud cloud{0, ends[0], 0};
  for (std::size_t i = 1; i <= index; ++i) {
    cloud.square += cloud.rows * cloud.rows;
    cloud.first = ends[i - 1];
    cloud.rows = ends[i] - cloud.first;
  }
  return cloud;
}

std::size_t squares(std::span<const std::size_t> ends) {
  const Cloud last = cloud_at(ends, ends.size() - 1);
  return last.square + last.rows * last.rows;
}

PackedMatrixView packed(MatrixView m, ScratchMemory& scratch) {
  const MutablePackedMatrixView copy = packed_matrix(m.rows, m.cols, scratch);
  pack(m, copy);
  return copy;
}

void clear(MutableMatrixView x) {
  for (std::size_t i = 0; i < x.rows; ++i) std::fill_n(x.row(i), x.cols, 0.0F);
}

float dot(const float* a, const float* b, std::size_t n) {
  float sum = 0.0F;
  for (std::size_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

/// From the derivatives of a cloud's offsets to those of its values and keys.
void attention_backward(const OffsetAttentionRecord& record, const Cloud& cloud,
                        MatrixView d_offset, MutableMatrixView d_values, MutableMatrixView d_keys) {
  const std::size_t t = cloud.rows;
  ScratchMemory of_task;
  const MatrixView s{record.softmax.data() + cloud.square, t, t, t};
  const MatrixView values = record.values.rows_range(cloud.first, t);
  const MatrixView attended = record.attended.rows_range(cloud.first, t);
  // Of x_r: its derivatives times the column's scale, and d x_r . x_r.
  const MutableMatrixView scaled = of_task.matrix(t, d_offset.cols);
  const auto of_columns = of_task.take<float>(t);
  for (std::size_t j = 0; j < t; ++j) {
    const float scale = -record.scales[cloud.first + j];
    const float* const row = d_offset.row(cloud.first + j);
    of_columns[j] = scale * dot(row, attended.row(j), d_offset.cols);
    for (std::size_t k = 0; k < d_offset.cols; ++k) scaled(j, k) = scale * row[k];
  }
  const PackedMatrixView scaled_rows = packed(scaled, of_task);
  gemm(s, scaled_rows, 0, scaled_rows.panels(), {}, d_values.rows_range(cloud.first, t));
  // dS_ij = v_i . scaled_j - of_columns_j, then the softmax over keys.
  const MutableMatrixView d_scores = of_task.matrix(t, t);
  const PackedMatrixView scaled_columns = packed_transpose(scaled, of_task);
  gemm(values, scaled_columns, 0, scaled_columns.panels(), {}, d_scores);
  for (std::size_t i = 0; i < t; ++i) {
    float* const row = d_scores.row(i);
    for (std::size_t j = 0; j < t; ++j) row[j] -= of_columns[j];
    const float mean = dot(row, s.row(i), t);
    for (std::size_t j = 0; j < t; ++j) row[j] = s(i, j) * (row[j] - mean);
  }
  // Scores are K K^T: keys are queries too.
  const MatrixView keys = record.query_key.rows_range(cloud.first, t);
  const MutableMatrixView result = d_keys.rows_range(cloud.first, t);
  const PackedMatrixView key_rows = packed(keys, of_task);
  gemm(d_scores, key_rows, 0, key_rows.panels(), {}, result);
  add_transposed_product(d_scores, keys, result);
}

}  // namespace

OffsetAttentionLayer::OffsetAttentionLayer(ParameterSet& set, const LayerScope& scope,
                                           std::size_t channels, std::size_t qk_channels,
                                           BatchNormLayer::Setting norm) {
  const auto at = [&](const char* name) {
    return LayerScope{scope.name + name, scope.depth, scope.is_head, true};
  };
  query_key_ = DenseLayer(set, at(".k_conv"), channels, qk_channels, false);
  Parameter& shared = set.parameters().back();
  shared.alias = scope.name + ".q_conv.weight";
  // Scores are not divided by sqrt(d): with the usual first weights every softmax picks one key.
  shared.initial.uniform *= std::pow(static_cast<float>(qk_channels), -0.25F);
  value_ = DenseLayer(set, at(".v_conv"), channels, channels);
  norm.activation = Activation::kRelu;
  transform_ =
      NormedLayer(set, at(".trans_conv"), scope.name + ".after_norm", {channels, channels, norm});
}

void OffsetAttentionLayer::pack(ScratchMemory& scratch) {
  query_key_.pack(scratch);
  value_.pack(scratch);
  transform_.pack(scratch);
}

OffsetAttentionRecord OffsetAttentionLayer::forward(MatrixView x, std::span<const std::size_t> ends,
                                                    NormStatistics statistics, MutableMatrixView y,
                                                    ScratchMemory& scratch) const {
  const MutableMatrixView query_key = scratch.matrix(x.rows, query_key_.out());
  const MutableMatrixView values = scratch.matrix(x.rows, x.cols);
  const MutableMatrixView attended = scratch.matrix(x.rows, x.cols);
  const MutableMatrixView offset = scratch.matrix(x.rows, x.cols);
  const auto softmax = scratch.take<float>(squares(ends));
  const auto scales = scratch.take<float>(x.rows);
  forward_rows(query_key_, x, query_key);
  forward_rows(value_, x, values);
  parallel_each(ends.size(), 1, [&](std::size_t c) {
    const Cloud cloud = cloud_at(ends, c);
    const std::size_t t = cloud.rows;
    ScratchMemory of_task;
    const MatrixView keys = query_key.rows_range(cloud.first, t);
    const MutableMatrixView s{softmax.data() + cloud.square, t, t, t};
    const PackedMatrixView transposed = packed_transpose(keys, of_task);
    gemm(keys, transposed, 0, transposed.panels(), {}, s);
    softmax_rows(s);
    const auto sums = scales.subspan(cloud.first, t);
    std::ranges::fill(sums, 0.0F);
    for (std::size_t i = 0; i < t; ++i) {
      for (std::size_t j = 0; j < t; ++j) sums[j] += s(i, j);
    }
    for (float& sum : sums) sum = 1.0F / (kEpsilon + sum);
    const MutableMatrixView result = attended.rows_range(cloud.first, t);
    clear(result);
    add_transposed_product(s, values.rows_range(cloud.first, t), result);
    for (std::size_t j = 0; j < t; ++j) {
      for (std::size_t k = 0; k < x.cols; ++k) {
        result(j, k) *= sums[j];
        offset(cloud.first + j, k) = x(cloud.first + j, k) - result(j, k);
      }
    }
  });
  const NormedLayerRecord transform = transform_.forward(offset, statistics, y, scratch);
  add_rows(x, y);
  return {x, query_key, values, attended, softmax, scales, transform};
}

void OffsetAttentionLayer::backward(const OffsetAttentionRecord& record,
                                    std::span<const std::size_t> ends, MutableMatrixView d) const {
  const std::size_t n = d.rows;
  ScratchMemory scratch;
  const MutableMatrixView d_product = scratch.matrix(n, d.cols);
  const MutableMatrixView d_offset = scratch.matrix(n, d.cols);
  const MutableMatrixView d_values = scratch.matrix(n, d.cols);
  const MutableMatrixView d_keys = scratch.matrix(n, record.query_key.cols);
  for_each_row_block(n, [&](std::size_t first, std::size_t rows) {
    for (std::size_t i = first; i < first + rows; ++i) {
      std::copy_n(d.row(i), d.cols, d_product.row(i));
    }
  });
  transform_.backward(record.transform, d_product, d_offset);
  add_rows(d_offset, d);
  parallel_each(ends.size(), 1, [&](std::size_t c) {
    const Cloud cloud = cloud_at(ends, c);
    attention_backward(record, cloud, d_offset, d_values, d_keys);
  });
  const MutableMatrixView d_x = d_offset;
  backward_rows(value_, record.x, d_values, d_x);
  add_rows(d_x, d);
  backward_rows(query_key_, record.x, d_keys, d_x);
  add_rows(d_x, d);
}

}  // namespace ptattn::train
