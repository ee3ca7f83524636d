#include "ptattn/nn/attention/multi_head_attention.hpp"
#include "ptattn/core/clone.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "attention_twin.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"

namespace ptattn::test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Projections of their own for keys and values of other widths, or one fused matrix.
MultiHeadWeights random_weights(std::size_t c, std::size_t heads, std::size_t key_channels = 0,
                                std::size_t value_channels = 0) {
  MultiHeadWeights w;
  w.heads = heads;
  if (key_channels == 0) {
    w.in_proj_weight = random_matrix(3 * c, c, 1);
  } else {
    w.q_proj_weight = random_matrix(c, c, 1);
    w.k_proj_weight = random_matrix(c, key_channels, 2);
    w.v_proj_weight = random_matrix(c, value_channels, 3);
  }
  w.in_proj_bias.resize(3 * c);
  fill({w.in_proj_bias.data(), 1, 3 * c, 3 * c}, 4);
  w.out_proj = random_dense(c, c, 5);
  return w;
}

MultiHeadWeights clone(const MultiHeadWeights& w) {
  return {w.heads,
          clone(w.in_proj_weight),
          clone(w.q_proj_weight),
          clone(w.k_proj_weight),
          clone(w.v_proj_weight),
          w.in_proj_bias,
          test::clone(w.out_proj)};
}

/// x W^T + bias in float64, rounded once; the bias of projection `part`.
Matrix projected(MatrixView x, MatrixView weight, const std::vector<float>& bias,
                 std::size_t part) {
  Matrix out(x.rows, weight.rows);
  for (std::size_t i = 0; i < x.rows; ++i) {
    for (std::size_t o = 0; o < weight.rows; ++o) {
      double sum = bias.empty() ? 0.0 : bias[part * weight.rows + o];
      for (std::size_t j = 0; j < x.cols; ++j) sum += double{x(i, j)} * weight(o, j);
      out(i, o) = static_cast<float>(sum);
    }
  }
  return out;
}

/// The formula of the header.
Matrix twin(const MultiHeadWeights& w, MatrixView q, MatrixView k, MatrixView v,
            const AttentionScores& scores, Matrix& weights) {
  const std::size_t c = w.out_proj.weight.rows();
  const std::size_t d = c / w.heads;
  const MatrixView fused = w.in_proj_weight;
  const bool separate = w.in_proj_weight.size() == 0;
  const Matrix queries =
      projected(q, separate ? w.q_proj_weight : fused.rows_range(0, c), w.in_proj_bias, 0);
  const Matrix keys =
      projected(k, separate ? w.k_proj_weight : fused.rows_range(c, c), w.in_proj_bias, 1);
  const Matrix values =
      projected(v, separate ? w.v_proj_weight : fused.rows_range(2 * c, c), w.in_proj_bias, 2);
  Matrix attended(q.rows, c);
  weights = Matrix(w.heads * q.rows, k.rows);
  for (std::size_t h = 0; h < w.heads; ++h) {
    AttentionScores part = scores;
    if (part.bias.rows > q.rows) part.bias = part.bias.rows_range(h * q.rows, q.rows);
    const Table of_head =
        twin_weights(queries.view().cols_range(h * d, d), keys.view().cols_range(h * d, d), part);
    for (std::size_t i = 0; i < q.rows; ++i) {
      for (std::size_t j = 0; j < k.rows; ++j) {
        weights(h * q.rows + i, j) = static_cast<float>(of_head[i][j]);
      }
      for (std::size_t o = h * d; o < (h + 1) * d; ++o) {
        double sum = 0.0;
        for (std::size_t j = 0; j < k.rows; ++j) sum += of_head[i][j] * values(j, o);
        attended(i, o) = static_cast<float>(sum);
      }
    }
  }
  return projected(attended, w.out_proj.weight, w.out_proj.bias, 0);
}

void expect_twin(const MultiHeadWeights& w, MatrixView q, MatrixView k, MatrixView v,
                 const AttentionScores& scores) {
  Matrix expected_weights;
  const Matrix expected = twin(w, q, k, v, scores, expected_weights);
  const MultiHeadAttention layer(clone(w));
  Matrix weights;
  const Matrix actual = multi_head_attention(layer, q, k, v, scores, &weights);
  EXPECT_LT(distance(actual, expected), 2e-5);
  EXPECT_LT(distance(weights, expected_weights), 5e-6);
  EXPECT_EQ(weights.rows(), expected_weights.rows());
  EXPECT_TRUE(same_bytes(multi_head_attention(layer, q, k, v, scores), actual));
}

TEST(multi_head_attention, hand_computed) {
  // Two heads of width 1, all projections the identity: q = (1, 2), keys (0, 0) and (ln 3, ln 2),
  // values the keys. Scores (0, ln 3) and (0, 2 ln 2): weights of the second 3/4 and 4/5.
  MultiHeadWeights w;
  w.heads = 2;
  w.in_proj_weight = Matrix(6, 2);
  for (std::size_t i = 0; i < 6; ++i) {
    for (std::size_t j = 0; j < 2; ++j) w.in_proj_weight(i, j) = i % 2 == j ? 1.0F : 0.0F;
  }
  w.out_proj = {Matrix(2, 2), {10.0F, 0.0F}};  // (a, b) -> (10 + b, a)
  w.out_proj.weight(0, 0) = 0.0F, w.out_proj.weight(0, 1) = 1.0F;
  w.out_proj.weight(1, 0) = 1.0F, w.out_proj.weight(1, 1) = 0.0F;
  Matrix q(1, 2);
  q(0, 0) = 1.0F, q(0, 1) = 2.0F;
  Matrix k(2, 2);
  k(0, 0) = k(0, 1) = 0.0F;
  k(1, 0) = std::log(3.0F), k(1, 1) = std::log(2.0F);
  Matrix weights;
  const Matrix out = multi_head_attention(MultiHeadAttention(std::move(w)), q, k, k, {}, &weights);
  EXPECT_NEAR(out(0, 0), 10.0 + 0.8 * std::log(2.0), 1e-5);
  EXPECT_NEAR(out(0, 1), 0.75 * std::log(3.0), 1e-6);
  EXPECT_NEAR(weights(0, 1), 0.75, 1e-6);
  EXPECT_NEAR(weights(1, 1), 0.8, 1e-6);
}

TEST(multi_head_attention, equals_its_scalar_twin) {
  const Matrix x = random_matrix(11, 24, 10);
  const Matrix memory = random_matrix(37, 24, 11);
  for (const std::size_t heads : {1, 2, 3, 8, 24}) {
    SCOPED_TRACE(heads);
    expect_twin(random_weights(24, heads), x, x, x, {});
    expect_twin(random_weights(24, heads), x, memory, memory, {});
  }
}

TEST(multi_head_attention, equals_its_scalar_twin_with_masks) {
  const Matrix x = random_matrix(11, 12, 10);
  const Matrix bias = random_matrix(11, 11, 12, 2.0);
  const Matrix bias_of_heads = random_matrix(33, 11, 13, 2.0);
  std::vector<float> padding(11, 0.0F);
  padding[9] = padding[10] = -kInfinity;
  for (const bool causal : {false, true}) {
    AttentionScores scores;
    scores.causal = causal;
    expect_twin(random_weights(12, 3), x, x, x, scores);
    scores.key_bias = padding;
    expect_twin(random_weights(12, 3), x, x, x, scores);
    scores.bias = bias;
    expect_twin(random_weights(12, 3), x, x, x, scores);
    scores.bias = bias_of_heads;
    expect_twin(random_weights(12, 3), x, x, x, scores);
  }
}

TEST(multi_head_attention, keys_and_values_of_other_widths_and_no_biases) {
  const Matrix q = random_matrix(5, 12, 10);
  const Matrix k = random_matrix(9, 7, 11);
  const Matrix v = random_matrix(9, 4, 12);
  MultiHeadWeights w = random_weights(12, 4, 7, 4);
  expect_twin(w, q, k, v, {});
  w.in_proj_bias.clear();
  w.out_proj.bias.clear();
  expect_twin(w, q, k, v, {});
}

TEST(multi_head_attention, cached_steps_are_one_causal_pass_bit_for_bit) {
  const MultiHeadAttention layer(random_weights(40, 4));
  const Matrix x = random_matrix(300, 40, 1);
  AttentionScores causal;
  causal.causal = true;
  const Matrix whole = multi_head_attention(layer, x, x, x, causal);
  for (const std::size_t step : {1, 7, 64, 299}) {
    SCOPED_TRACE(step);
    KeyValueCache cache;
    for (std::size_t i = 0; i < x.rows(); i += step) {
      const std::size_t rows = std::min(step, x.rows() - i);
      const MatrixView part = x.view().rows_range(i, rows);
      append_keys_values(layer, part, part, cache);
      const Matrix out = multi_head_attention(layer, part, cache, causal);
      ASSERT_TRUE(same_bytes(out, whole.view().rows_range(i, rows))) << i;
    }
    EXPECT_EQ(cache.positions(), 300U);
  }
}

TEST(multi_head_attention, a_cache_of_the_memory_serves_every_query) {
  const MultiHeadAttention layer(random_weights(18, 3));
  const Matrix memory = random_matrix(20, 18, 1);
  const Matrix q = random_matrix(6, 18, 2);
  KeyValueCache cache;
  append_keys_values(layer, q, q, cache);
  cache.clear();
  append_keys_values(layer, memory, memory, cache);
  const Matrix expected = multi_head_attention(layer, q, memory, memory);
  for (std::size_t i = 0; i < 6; ++i) {
    const Matrix out = multi_head_attention(layer, q.view().rows_range(i, 1), cache);
    EXPECT_TRUE(same_bytes(out, expected.view().rows_range(i, 1)));
  }
}

TEST(multi_head_attention, nothing_to_attend_to_gives_the_output_bias) {
  const MultiHeadAttention layer(random_weights(12, 3));
  const Matrix q = random_matrix(4, 12, 1);
  const Matrix none(0, 12);
  const Matrix out = multi_head_attention(layer, q, none, none);
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t j = 0; j < 12; ++j) EXPECT_EQ(out(i, j), layer.out.bias[j]);
  }
  EXPECT_EQ(multi_head_attention(layer, none, q, q).rows(), 0U);
  EXPECT_EQ(multi_head_attention(layer, q, KeyValueCache()).rows(), 4U);
}

TEST(multi_head_attention, same_bytes_for_any_thread_count) {
  const MultiHeadAttention layer(random_weights(36, 6));
  const Matrix x = random_matrix(500, 36, 1);
  const auto with_threads = [&](int threads) {
    const ThreadLimit limit(threads);
    return multi_head_attention(layer, x, x, x);
  };
  EXPECT_TRUE(same_bytes(with_threads(1), with_threads(8)));
}

TEST(multi_head_attention, refuses_weights_that_do_not_fit) {
  const auto refused = [](auto&& change) {
    MultiHeadWeights w = random_weights(12, 3, 7, 4);
    change(w);
    EXPECT_THROW(MultiHeadAttention(std::move(w)), Error);
  };
  refused([](MultiHeadWeights& w) { w.heads = 0; });
  refused([](MultiHeadWeights& w) { w.heads = 5; });
  refused([](MultiHeadWeights& w) { w.in_proj_weight = Matrix(36, 11); });
  refused([](MultiHeadWeights& w) { w.q_proj_weight = Matrix(12, 11); });
  refused([](MultiHeadWeights& w) { w.k_proj_weight = Matrix(11, 7); });
  refused([](MultiHeadWeights& w) { w.v_proj_weight = Matrix(); });
  refused([](MultiHeadWeights& w) { w.in_proj_bias.pop_back(); });
  refused([](MultiHeadWeights& w) { w.out_proj.bias.pop_back(); });
  refused([](MultiHeadWeights& w) { w.out_proj.weight = Matrix(12, 6); });
}

TEST(multi_head_attention, refuses_inputs_that_do_not_fit) {
  const MultiHeadAttention layer(random_weights(12, 3));
  const Matrix x = random_matrix(4, 12, 1);
  EXPECT_THROW((void)multi_head_attention(layer, Matrix(4, 11), x, x), Error);
  EXPECT_THROW((void)multi_head_attention(layer, x, Matrix(4, 11), x), Error);
  EXPECT_THROW((void)multi_head_attention(layer, x, x, Matrix(3, 12)), Error);
  AttentionScores scores;
  const Matrix bias = random_matrix(8, 4, 1);
  scores.bias = bias;
  EXPECT_THROW((void)multi_head_attention(layer, x, x, x, scores), Error);
  KeyValueCache narrow;
  (void)narrow.append(2, 8);
  EXPECT_THROW((void)multi_head_attention(layer, x, narrow), Error);
  EXPECT_THROW(append_keys_values(layer, x, x, narrow), Error);
}

}  // namespace
}  // namespace ptattn::test
