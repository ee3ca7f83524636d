#include "ptattn/nn/attention/offset_attention.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "matrices.hpp"
#include "ptattn/core/parallel.hpp"

namespace ptattn::test {
namespace {

struct Layers {
  DenseWeights query_key;
  DenseWeights value;
  DenseWeights transform;

  explicit Layers(std::size_t channels, std::size_t depth)
      : query_key(random_dense(channels, depth, 1)),
        value(random_dense(channels, channels, 2)),
        transform(random_dense(channels, channels, 3)) {
    query_key.bias.clear();
  }
  [[nodiscard]] OffsetAttentionWeights weights() const {
    return {Linear(clone(query_key)), Linear(clone(value)), Linear(clone(transform))};
  }
};

using Table = std::vector<std::vector<double>>;

Table dense_layer(const DenseWeights& layer, const Table& x) {
  Table out(x.size(), std::vector<double>(layer.weight.rows()));
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t o = 0; o < layer.weight.rows(); ++o) {
      double sum = layer.bias.empty() ? 0.0 : layer.bias[o];
      for (std::size_t c = 0; c < x[i].size(); ++c) sum += layer.weight(o, c) * x[i][c];
      out[i][o] = sum;
    }
  }
  return out;
}

/// softmax(Q Q^T), rows are queries.
Table softmax_weights(const Table& q) {
  const std::size_t n = q.size();
  Table s(n, std::vector<double>(n));
  for (std::size_t i = 0; i < n; ++i) {
    double total = 0.0;
    for (std::size_t j = 0; j < n; ++j) {
      double score = 0.0;
      for (std::size_t d = 0; d < q[i].size(); ++d) score += q[i][d] * q[j][d];
      total += s[i][j] = std::exp(score);
    }
    for (double& weight : s[i]) weight /= total;
  }
  return s;
}

Table table_of(MatrixView input) {
  Table x(input.rows);
  for (std::size_t i = 0; i < input.rows; ++i) x[i].assign(input.row(i), input.row(i) + input.cols);
  return x;
}

/// A_ij of the header.
Table effective_weights(const Layers& layers, const Table& x) {
  const std::size_t n = x.size();
  Table a = softmax_weights(dense_layer(layers.query_key, x));
  for (std::size_t j = 0; j < n; ++j) {
    double column = 1e-9;
    for (std::size_t i = 0; i < n; ++i) column += a[i][j];
    for (std::size_t i = 0; i < n; ++i) a[i][j] /= column;
  }
  return a;
}

/// The formulas of the header, one after the other, in float64.
Table twin(const Layers& layers, MatrixView input) {
  const std::size_t n = input.rows;
  const Table x = table_of(input);
  const Table a = effective_weights(layers, x);
  const Table v = dense_layer(layers.value, x);
  Table offset = x;
  for (std::size_t j = 0; j < n; ++j) {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t c = 0; c < input.cols; ++c) offset[j][c] -= a[i][j] * v[i][c];
    }
  }
  Table out = dense_layer(layers.transform, offset);
  for (std::size_t j = 0; j < n; ++j) {
    for (std::size_t c = 0; c < input.cols; ++c) out[j][c] = std::max(out[j][c], 0.0) + x[j][c];
  }
  return out;
}

Matrix run(const OffsetAttentionWeights& w, MatrixView x) {
  Matrix out(x.rows, x.cols);
  offset_attention(w, x, out);
  return out;
}

TEST(offset_attention, equals_its_scalar_twin) {
  for (const std::size_t n : {1, 2, 30, 67, 530}) {
    const Layers layers(12, 5);
    const Matrix x = random_matrix(n, 12, n);
    const Matrix actual = run(layers.weights(), x);
    const Table expected = twin(layers, x);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t c = 0; c < 12; ++c) ASSERT_NEAR(actual(i, c), expected[i][c], 2e-5);
    }
  }
}

TEST(offset_attention, hand_computed) {
  // One channel, two points: q = x, v = 10 x, transform = -1, x = (0, ln 3).
  // Scores ((0, 0), (0, ln^2 3)): S = ((1/2, 1/2), (1/(1+e), e/(1+e))) with e = exp(ln^2 3).
  DenseWeights one{Matrix(1, 1), {}};
  one.weight(0, 0) = 1.0F;
  DenseWeights ten{Matrix(1, 1), {}};
  ten.weight(0, 0) = 10.0F;
  DenseWeights minus{Matrix(1, 1), {}};
  minus.weight(0, 0) = -1.0F;
  const OffsetAttentionWeights w{Linear(std::move(one)), Linear(std::move(ten)),
                                 Linear(std::move(minus))};
  Matrix x(2, 1);
  x(0, 0) = 0.0F, x(1, 0) = std::log(3.0F);
  const double e = std::exp(std::log(3.0) * std::log(3.0));
  const double s10 = 1.0 / (1.0 + e);
  const double s11 = e / (1.0 + e);
  const double r0 = 10.0 * std::log(3.0) * s10 / (0.5 + s10);
  const double r1 = 10.0 * std::log(3.0) * s11 / (0.5 + s11);
  const Matrix out = run(w, x);
  EXPECT_NEAR(out(0, 0), r0, 1e-6);  // 0 + ReLU(-(0 - r0))
  EXPECT_NEAR(out(1, 0), r1, 2e-6);  // ln 3 + ReLU(-(ln 3 - r1))
}

TEST(offset_attention, tells_the_weights_it_used) {
  for (const std::size_t n : {1, 2, 30, 67, 530}) {
    const Layers layers(12, 5);
    const OffsetAttentionWeights w = layers.weights();
    const Matrix x = random_matrix(n, 12, n);
    const Table expected = effective_weights(layers, table_of(x));
    Matrix out(n, 12);
    Matrix weights;
    offset_attention(w, x, out, &weights);
    EXPECT_TRUE(same_bytes(out, run(w, x))) << "listening changes nothing";
    ASSERT_EQ(weights.rows(), n);
    ASSERT_EQ(weights.cols(), n);
    for (std::size_t j = 0; j < n; ++j) {
      double sum = 0.0;
      for (std::size_t i = 0; i < n; ++i) {
        ASSERT_NEAR(weights(j, i), expected[i][j], 2e-6);
        sum += weights(j, i);
      }
      EXPECT_NEAR(sum, 1.0, 1e-5);
    }
  }
}

TEST(offset_attention, permuting_points_permutes_rows) {
  const OffsetAttentionWeights w = Layers(16, 8).weights();
  const Matrix x = random_matrix(50, 16, 1);
  std::vector<std::size_t> order(50);
  for (std::size_t i = 0; i < 50; ++i) order[i] = i * 7 % 50;
  EXPECT_LT(distance(run(w, permuted(x, order)), permuted(run(w, x), order)), 1e-5);
}

TEST(offset_attention, same_bytes_for_any_thread_count) {
  const OffsetAttentionWeights w = Layers(40, 16).weights();
  const Matrix x = random_matrix(300, 40, 1);
  const auto with_threads = [&](int threads) {
    const ThreadLimit limit(threads);
    return run(w, x);
  };
  EXPECT_TRUE(same_bytes(with_threads(1), with_threads(8)));
}

TEST(offset_attention, large_scores_do_not_overflow) {
  const OffsetAttentionWeights w = Layers(16, 8).weights();
  const Matrix x = random_matrix(60, 16, 1, 1000.0);
  const Matrix out = run(w, x);
  for (const float value : out.values()) EXPECT_TRUE(std::isfinite(value));
}

}  // namespace
}  // namespace ptattn::test
