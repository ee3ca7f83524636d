#include "ptattn/nn/offset_attention.hpp"

#include <utility>
#include <vector>

#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/kernels/reduce.hpp"
#include "ptattn/nn/kernels/softmax.hpp"

namespace ptattn {
namespace {

// Columns (queries) and rows (keys) a task takes: a few thousand exponentials.
constexpr std::size_t kQueriesPerTask = 32;
constexpr std::size_t kKeysPerTask = 64;

/// The attention weights S with keys as rows, [key, query]: the transpose of the paper's matrix,
/// since the product with the values runs over queries. Softmax then works on columns.
Matrix transposed_weights(const Linear& query_key, MatrixView x) {
  const Matrix qk = linear(query_key, x);
  Matrix weights(x.rows, x.rows);
  multiply(qk, PackedMatrix::from_transposed(qk), {}, weights);
  parallel_ranges(x.rows, kQueriesPerTask, [&](std::size_t begin, std::size_t end) {
    softmax_columns(weights.view().cols_range(begin, end - begin));
  });
  return weights;
}

/// 1 / (1e-9 + sum_i S_ij) for every key j.
std::vector<float> key_scales(MatrixView weights) {
  std::vector<float> scales(weights.rows);
  parallel_ranges(weights.rows, kKeysPerTask, [&](std::size_t begin, std::size_t end) {
    row_sums(weights.rows_range(begin, end - begin), scales.data() + begin);
    for (std::size_t j = begin; j < end; ++j) scales[j] = 1.0F / (1e-9F + scales[j]);
  });
  return scales;
}

/// x - r, in place of the products sum_i S_ij v_i: scaling them is what scaling the weights would
/// give.
void subtract_from(MatrixView x, const std::vector<float>& scales, MutableMatrixView attended) {
  parallel_each(x.rows, kKeysPerTask, [&](std::size_t j) {
    const float* from = x.row(j);
    float* row = attended.row(j);
    for (std::size_t c = 0; c < x.cols; ++c) row[c] = from[c] - row[c] * scales[j];
  });
}

void scale_rows(const std::vector<float>& scales, MutableMatrixView weights) {
  parallel_each(weights.rows, kKeysPerTask, [&](std::size_t j) {
    for (std::size_t i = 0; i < weights.cols; ++i) weights(j, i) *= scales[j];
  });
}

}  // namespace

void offset_attention(const OffsetAttentionWeights& w, MatrixView x, MutableMatrixView out,
                      Matrix* attention_weights) {
  Matrix weights = transposed_weights(w.query_key, x);
  const PackedMatrix values = PackedMatrix::from_rows(linear(w.value, x));
  Matrix offset(x.rows, values.cols());
  multiply(weights, values, {}, offset);
  const std::vector<float> scales = key_scales(weights);
  subtract_from(x, scales, offset);
  linear(w.transform, offset, Activation::kRelu, x, out);
  if (attention_weights == nullptr) return;
  scale_rows(scales, weights);
  *attention_weights = std::move(weights);
}

}  // namespace ptattn
