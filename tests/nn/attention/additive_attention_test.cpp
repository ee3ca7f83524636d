#include "ptattn/nn/attention/additive_attention.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "attention_twin.hpp"
#include "each_target.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/kernels/additive_attention.hpp"

namespace ptattn::test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct Weights {
  DenseWeights query;
  DenseWeights key;
  std::vector<float> score;

  Weights(std::size_t query_channels, std::size_t key_channels, std::size_t hidden)
      : query(random_dense(query_channels, hidden, 1)),
        key(random_dense(key_channels, hidden, 2)),
        score(hidden) {
    fill({score.data(), 1, hidden, hidden}, 3, 3.0);
    key.bias.clear();
  }
  [[nodiscard]] AdditiveAttention layer() const {
    return {Linear(clone(query)), Linear(clone(key)), score};
  }
};

double projected(const DenseWeights& w, const float* x, std::size_t out) {
  double sum = w.bias.empty() ? 0.0 : w.bias[out];
  for (std::size_t j = 0; j < w.weight.cols(); ++j) sum += double{x[j]} * w.weight(out, j);
  return sum;
}

/// The formula of the header in float64.
Table twin_weights(const Weights& w, MatrixView q, MatrixView k, const AttentionScores& scores) {
  Table weights(q.rows, std::vector<double>(k.rows));
  for (std::size_t i = 0; i < q.rows; ++i) {
    for (std::size_t j = 0; j < k.rows; ++j) {
      double score = 0.0;
      for (std::size_t h = 0; h < w.score.size(); ++h) {
        score +=
            w.score[h] * std::tanh(projected(w.query, q.row(i), h) + projected(w.key, k.row(j), h));
      }
      if (!scores.key_bias.empty()) score += scores.key_bias[j];
      if (scores.bias.data != nullptr) score += scores.bias(i, j);
      if (scores.causal && j + q.rows > i + k.rows) score = -kInfinity;
      weights[i][j] = score;
    }
  }
  softmax(weights);
  return weights;
}

void expect_twin(const Weights& w, MatrixView q, MatrixView k, MatrixView v,
                 const AttentionScores& scores) {
  const Table expected = twin_weights(w, q, k, scores);
  Matrix weights;
  const Matrix out = additive_attention(w.layer(), q, k, v, scores, &weights);
  EXPECT_LT(distance(out, expected, v), 5e-6);
  for (std::size_t i = 0; i < q.rows; ++i) {
    for (std::size_t j = 0; j < k.rows; ++j) ASSERT_NEAR(weights(i, j), expected[i][j], 5e-6);
  }
}

TEST(tanh, equals_the_standard_library_on_every_cpu_level) {
  for_each_target([] {
    constexpr std::size_t kCount = 20001;
    Matrix x(kCount, 1);
    Matrix zero(1, 1);
    zero(0, 0) = 0.0F;
    for (std::size_t i = 0; i < kCount; ++i) {
      const double part = static_cast<double>(i) / (kCount - 1) * 2.0 - 1.0;
      x(i, 0) = static_cast<float>(12.0 * part * part * part);  // denser around zero
    }
    Matrix y(kCount, 1);
    const std::vector<float> one{1.0F};
    additive_scores_on_this_thread(one, x, zero, y);
    double largest = 0.0;
    for (std::size_t i = 0; i < kCount; ++i) {
      const double expected = std::tanh(double{x(i, 0)});
      if (x(i, 0) == 0.0F) {
        EXPECT_EQ(y(i, 0), 0.0F);
      } else {
        largest = std::max(largest, std::abs(y(i, 0) - expected) / std::abs(expected));
      }
    }
    EXPECT_LT(largest, 4 * 0x1p-23);
  });
}

TEST(additive_attention, hand_computed) {
  // tanh(0) = 0 and tanh(ln 2) = 3/5: scores 0 and 5 ln 3 / 3 * 3/5 = ln 3.
  AdditiveAttention w;
  DenseWeights one{Matrix(1, 1), {}};
  one.weight(0, 0) = 1.0F;
  w.query = Linear(clone(one));
  w.key = Linear(clone(one));
  w.score = {5.0F / 3.0F * std::log(3.0F)};
  Matrix q(1, 1);
  Matrix k(2, 1);
  Matrix v(2, 1);
  q(0, 0) = 1.0F;
  k(0, 0) = -1.0F, k(1, 0) = std::log(2.0F) - 1.0F;
  v(0, 0) = 100.0F, v(1, 0) = 200.0F;
  Matrix weights;
  EXPECT_NEAR(additive_attention(w, q, k, v, {}, &weights)(0, 0), 175.0, 1e-4);
  EXPECT_NEAR(weights(0, 0), 0.25, 1e-6);
}

TEST(additive_attention, equals_its_scalar_twin_on_every_cpu_level) {
  for_each_target([] {
    for (const std::size_t m : {1, 31, 33}) {
      for (const std::size_t n : {1, 17, 130}) {
        const Matrix q = random_matrix(m, 5, 10);
        const Matrix k = random_matrix(n, 3, 11);
        const Matrix v = random_matrix(n, 7, 12);
        expect_twin(Weights(5, 3, 9), q, k, v, {});
      }
    }
  });
}

TEST(additive_attention, equals_its_scalar_twin_with_masks) {
  const Matrix x = random_matrix(40, 4, 10);
  const Matrix bias = random_matrix(40, 40, 11, 3.0);
  std::vector<float> padding(40, 0.0F);
  padding[0] = padding[39] = -kInfinity;
  AttentionScores scores;
  scores.causal = true;
  expect_twin(Weights(4, 4, 6), x, x, x, scores);
  scores.key_bias = padding;
  expect_twin(Weights(4, 4, 6), x, x, x, scores);
  scores.bias = bias;
  scores.causal = false;
  expect_twin(Weights(4, 4, 6), x, x, x, scores);
}

TEST(additive_attention, permuting_keys_changes_nothing_but_rounding) {
  const AdditiveAttention w = Weights(6, 4, 12).layer();
  const Matrix q = random_matrix(20, 6, 1);
  const Matrix k = random_matrix(150, 4, 2);
  const Matrix v = random_matrix(150, 3, 3);
  std::vector<std::size_t> order(150);
  for (std::size_t i = 0; i < 150; ++i) order[i] = i * 7 % 150;
  EXPECT_LT(ptattn::test::distance(additive_attention(w, q, permuted(k, order), permuted(v, order)),
                                   additive_attention(w, q, k, v)),
            1e-6);
}

TEST(additive_attention, same_bytes_for_any_thread_count) {
  const AdditiveAttention w = Weights(6, 4, 12).layer();
  const Matrix q = random_matrix(400, 6, 1);
  const Matrix k = random_matrix(150, 4, 2);
  const auto with_threads = [&](int threads) {
    const ThreadLimit limit(threads);
    return additive_attention(w, q, k, k);
  };
  EXPECT_TRUE(same_bytes(with_threads(1), with_threads(8)));
}

TEST(additive_attention, no_queries_no_keys_and_all_masked) {
  const AdditiveAttention w = Weights(6, 4, 12).layer();
  const Matrix q = random_matrix(3, 6, 1);
  const Matrix k = random_matrix(2, 4, 2);
  EXPECT_EQ(additive_attention(w, Matrix(0, 6), k, k).rows(), 0U);
  const Matrix none = additive_attention(w, q, Matrix(0, 4), Matrix(0, 5));
  for (const float x : none.values()) EXPECT_EQ(x, 0.0F);
  const std::vector<float> mask(2, -kInfinity);
  AttentionScores scores;
  scores.key_bias = mask;
  const Matrix masked = additive_attention(w, q, k, k, scores);
  for (const float x : masked.values()) EXPECT_EQ(x, 0.0F);
}

TEST(additive_attention, refuses_shapes_that_do_not_fit) {
  const Matrix q = random_matrix(3, 6, 1);
  const Matrix k = random_matrix(2, 4, 2);
  const auto refused = [](const AdditiveAttention& w, MatrixView queries, MatrixView keys,
                          MatrixView values, const AttentionScores& scores) {
    EXPECT_THROW((void)additive_attention(w, queries, keys, values, scores), Error);
  };
  const AdditiveAttention w = Weights(6, 4, 12).layer();
  refused(w, k, k, k, {});
  refused(w, q, q, k, {});
  refused(w, q, k, q, {});
  AttentionScores scores;
  scores.scale = 1.0F;
  refused(w, q, k, k, scores);
  scores.scale = 0.0F;
  const std::vector<float> mask(3);
  scores.key_bias = mask;
  refused(w, q, k, k, scores);
  AdditiveAttention shorter = Weights(6, 4, 12).layer();
  shorter.score.pop_back();
  refused(shorter, q, k, k, {});
}

}  // namespace
}  // namespace ptattn::test
