#include "ptattn/nn/attention/multi_head_attention.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/shapes.hpp"

namespace ptattn {
namespace {

constexpr std::string_view kSubject = "multi-head attention";

Linear projection(MatrixView weight, const std::vector<float>& bias, std::size_t part) {
  Linear layer;
  layer.weight = PackedMatrix::from_transposed(weight);
  if (!bias.empty()) {
    const std::span values = std::span(bias).subspan(part * weight.rows, weight.rows);
    layer.bias.assign(values.begin(), values.end());
  }
  return layer;
}

void check_weights(const MultiHeadWeights& w) {
  const std::size_t c = w.out_proj.weight.rows();
  if (w.heads == 0 || c % w.heads != 0) {
    throw Error(Fault::kUsage, kSubject,
                std::to_string(w.heads) + " heads do not divide " + std::to_string(c) +
                    " channels, expected a divisor");
  }
  check_shape(kSubject, "out_proj.weight", w.out_proj.weight, c, c);
  if (w.in_proj_weight.size() > 0) {
    check_shape(kSubject, "in_proj_weight", w.in_proj_weight, 3 * c, c);
  } else {
    check_shape(kSubject, "q_proj_weight", w.q_proj_weight, c, c);
    check_shape(kSubject, "k_proj_weight", w.k_proj_weight, c, w.k_proj_weight.cols());
    check_shape(kSubject, "v_proj_weight", w.v_proj_weight, c, w.v_proj_weight.cols());
  }
  const auto check_bias = [](std::string_view what, const std::vector<float>& bias,
                             std::size_t expected) {
    if (bias.empty() || bias.size() == expected) return;
    throw Error(Fault::kUsage, kSubject,
                std::string(what) + " has " + std::to_string(bias.size()) + " values, expected " +
                    std::to_string(expected));
  };
  check_bias("in_proj_bias", w.in_proj_bias, 3 * c);
  check_bias("out_proj.bias", w.out_proj.bias, c);
}

/// Keys or values of one head; an empty cache has no columns yet.
MatrixView columns_of_head(MatrixView m, std::size_t h, std::size_t d) {
  return m.rows == 0 ? MatrixView{nullptr, 0, d, d} : m.cols_range(h * d, d);
}

/// The scores of one head.
AttentionScores scores_of_head(const AttentionScores& scores, std::size_t h, std::size_t m) {
  AttentionScores part = scores;
  if (part.bias.data != nullptr && part.bias.rows != m) {
    part.bias = part.bias.rows_range(h * m, m);
  }
  return part;
}

void check_bias(const MultiHeadAttention& w, MatrixView q, MatrixView k,
                const AttentionScores& scores) {
  if (scores.bias.data == nullptr) return;
  const bool of_heads = scores.bias.rows == w.heads * q.rows;
  check_shape(kSubject, "the bias", scores.bias, of_heads ? w.heads * q.rows : q.rows, k.rows);
}

}  // namespace

MultiHeadAttention::MultiHeadAttention(MultiHeadWeights w) : heads(w.heads) {
  check_weights(w);
  const std::size_t c = w.out_proj.weight.rows();
  const bool fused = w.in_proj_weight.size() > 0;
  const auto weight = [&](std::size_t part, const Matrix& separate) {
    return fused ? MatrixView(w.in_proj_weight).rows_range(part * c, c) : MatrixView(separate);
  };
  query = projection(weight(0, w.q_proj_weight), w.in_proj_bias, 0);
  key = projection(weight(1, w.k_proj_weight), w.in_proj_bias, 1);
  value = projection(weight(2, w.v_proj_weight), w.in_proj_bias, 2);
  out = Linear(std::move(w.out_proj));
}

void append_keys_values(const MultiHeadAttention& w, MatrixView k, MatrixView v,
                        KeyValueCache& cache) {
  check_shape(kSubject, "the keys' matrix", k, k.rows, w.key.weight.rows());
  check_shape(kSubject, "the values' matrix", v, k.rows, w.value.weight.rows());
  const KeyValueCache::Rows rows = cache.append(k.rows, w.channels());
  linear(w.key, k, Activation::kNone, {}, rows.keys);
  linear(w.value, v, Activation::kNone, {}, rows.values);
}

Matrix multi_head_attention(const MultiHeadAttention& w, MatrixView q, const KeyValueCache& cache,
                            const AttentionScores& scores, Matrix* weights) {
  const std::size_t m = q.rows;
  const MatrixView k = cache.keys();
  const MatrixView v = cache.values();
  check_shape(kSubject, "the queries' matrix", q, m, w.query.weight.rows());
  if (k.rows > 0) check_shape(kSubject, "the cache", k, k.rows, w.channels());
  check_bias(w, q, k, scores);

  if (weights != nullptr) *weights = Matrix(w.heads * m, k.rows);
  if (m == 0) return {0, w.channels()};
  const Matrix queries = linear(w.query, q);
  const std::size_t d = w.channels() / w.heads;
  Matrix attended(m, w.channels());
  parallel_each(w.heads, 1, [&](std::size_t h) {
    const MatrixView head_queries = queries.view().cols_range(h * d, d);
    const MatrixView head_keys = columns_of_head(k, h, d);
    const MatrixView head_values = columns_of_head(v, h, d);
    const AttentionScores head_scores = scores_of_head(scores, h, m);
    attention(head_queries, head_keys, head_values, head_scores,
              attended.view().cols_range(h * d, d));
    if (weights == nullptr) return;
    const Matrix of_head = attention_weights(head_queries, head_keys, head_scores);
    std::copy_n(of_head.data(), of_head.size(), weights->row(h * m));
  });
  return linear(w.out, attended);
}

Matrix multi_head_attention(const MultiHeadAttention& w, MatrixView q, MatrixView k, MatrixView v,
                            const AttentionScores& scores, Matrix* weights) {
  KeyValueCache cache;
  append_keys_values(w, k, v, cache);
  return multi_head_attention(w, q, cache, scores, weights);
}

}  // namespace ptattn
