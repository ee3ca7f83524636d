#include "ptattn/nn/attention/vector_attention.hpp"
#include "ptattn/core/clone.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "each_target.hpp"
#include "matrices.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"

namespace ptattn::test {
namespace {

constexpr std::size_t kShared = 8;

struct Layers {
  explicit Layers(std::size_t c)
      : query(random_dense(c, c, 1)),
        key(random_dense(c, c, 2)),
        value(random_dense(c, c, 3)),
        position_hidden(random_dense(3, 3, 4)),
        position_out(random_dense(3, c, 5)),
        weight_hidden(random_dense(c, c / kShared, 6)),
        weight_out(random_dense(c / kShared, c / kShared, 7)) {
    for (std::size_t i = 0; i < c; ++i) {
      norm.scale.push_back(0.5F + 0.01F * static_cast<float>(i));
      norm.shift.push_back(0.2F - 0.02F * static_cast<float>(i));
    }
  }

  /// The last layer once for each group of channels.
  [[nodiscard]] DenseWeights repeated_out() const {
    const std::size_t shared = weight_out.weight.rows();
    DenseWeights all{Matrix(shared * kShared, shared), {}};
    for (std::size_t i = 0; i < shared * kShared; ++i) {
      for (std::size_t j = 0; j < shared; ++j) {
        all.weight(i, j) = weight_out.weight(i % shared, j);
      }
      all.bias.push_back(weight_out.bias[i % shared]);
    }
    return all;
  }

  [[nodiscard]] VectorAttentionWeights weights() const {
    return {Linear(clone(query)),
            Linear(clone(key)),
            Linear(clone(value)),
            {clone(position_hidden), Linear(clone(position_out))},
            norm,
            Linear(clone(weight_hidden)),
            Linear(repeated_out())};
  }

  DenseWeights query, key, value, position_hidden, position_out, weight_hidden, weight_out;
  Affine norm;
};

using Row = std::vector<double>;

Row dense(const DenseWeights& layer, const Row& x, bool relu) {
  Row out(layer.weight.rows());
  for (std::size_t o = 0; o < out.size(); ++o) {
    out[o] = layer.bias[o];
    for (std::size_t i = 0; i < x.size(); ++i) out[o] += double{layer.weight(o, i)} * x[i];
    if (relu) out[o] = std::max(out[o], 0.0);
  }
  return out;
}

Row row_of(MatrixView m, std::size_t i) {
  return {m.row(i), m.row(i) + m.cols};
}

/// One query, by the formulas of the header, in float64; weights [k][c / 8] to `weights`.
Row twin(const Layers& w, MatrixView positions, MatrixView x, std::size_t i,
         std::span<const std::uint32_t> neighbors, std::vector<Row>& weights) {
  const std::size_t c = x.cols;
  const Row query = dense(w.query, row_of(x, i), false);
  std::vector<Row> deltas;
  weights.clear();
  for (const std::uint32_t j : neighbors) {
    Row step(3);
    for (std::size_t a = 0; a < 3; ++a) step[a] = double{positions(j, a)} - positions(i, a);
    deltas.push_back(dense(w.position_out, dense(w.position_hidden, step, true), false));
    const Row key = dense(w.key, row_of(x, j), false);
    Row relation(c);
    for (std::size_t ch = 0; ch < c; ++ch) {
      const double r = key[ch] - query[ch] + deltas.back()[ch];
      relation[ch] = std::max(w.norm.scale[ch] * r + w.norm.shift[ch], 0.0);
    }
    weights.push_back(dense(w.weight_out, dense(w.weight_hidden, relation, true), false));
  }
  for (std::size_t t = 0; t < c / kShared; ++t) {
    double total = 0.0;
    for (Row& row : weights) total += row[t] = std::exp(row[t]);
    for (Row& row : weights) row[t] /= total;
  }
  Row out(c, 0.0);
  for (std::size_t r = 0; r < neighbors.size(); ++r) {
    const Row value = dense(w.value, row_of(x, neighbors[r]), false);
    for (std::size_t ch = 0; ch < c; ++ch) {
      out[ch] += weights[r][ch % (c / kShared)] * (value[ch] + deltas[r][ch]);
    }
  }
  return out;
}

std::vector<std::uint32_t> some_neighbors(std::size_t n, std::size_t k) {
  Random random(n * 100 + k);
  std::vector<std::uint32_t> neighbors(n * k);
  for (std::uint32_t& j : neighbors) j = static_cast<std::uint32_t>(random.below(n));
  return neighbors;
}

Matrix run(const VectorAttentionWeights& w, MatrixView positions, MatrixView x,
           std::span<const std::uint32_t> neighbors, const VectorAttentionListener& listener = {}) {
  Matrix out(x.rows, x.cols);
  vector_attention(w, positions, x, neighbors, out, listener);
  return out;
}

TEST(vector_attention, equals_its_scalar_twin) {
  for_each_target([] {
    for (const std::size_t c : {8, 24, 32}) {
      for (const std::size_t k : {1, 5, 16}) {
        const Layers layers(c);
        const Matrix x = random_matrix(20, c, c + k);
        const Matrix positions = random_matrix(20, 3, k);
        const auto neighbors = some_neighbors(20, k);
        const Matrix actual = run(layers.weights(), positions, x, neighbors);
        std::vector<Row> weights;
        for (std::size_t i = 0; i < 20; ++i) {
          const Row expected =
              twin(layers, positions, x, i, std::span(neighbors).subspan(i * k, k), weights);
          for (std::size_t ch = 0; ch < c; ++ch) ASSERT_NEAR(actual(i, ch), expected[ch], 2e-5);
        }
      }
    }
  });
}

TEST(vector_attention, hand_computed) {
  // One channel, no positional part: two neighbours with values 1 and 3; the weights' layers pass
  // ReLU(key - query) on, which is 0 and ln 3.
  const auto constant = [](float weight, float bias, std::size_t in, std::size_t out) {
    DenseWeights layer{Matrix(out, in), std::vector<float>(out, bias)};
    for (float& v : layer.weight.values()) v = weight;
    return layer;
  };
  const VectorAttentionWeights w{Linear(constant(0, 0, 1, 1)),
                                 Linear(constant(1, 0, 1, 1)),
                                 Linear(constant(2.0F / std::log(3.0F), 1, 1, 1)),
                                 {constant(0, 0, 3, 3), Linear(constant(0, 0, 3, 1))},
                                 {{1.0F}, {0.0F}},
                                 Linear(constant(1, 0, 1, 1)),
                                 Linear(constant(1, 0, 1, 1))};
  Matrix x(2, 1);
  x(0, 0) = 0.0F, x(1, 0) = std::log(3.0F);
  const Matrix positions = random_matrix(2, 3, 1);
  const std::vector<std::uint32_t> neighbors{0, 1, 1, 0};
  const Matrix out = run(w, positions, x, neighbors);
  EXPECT_NEAR(out(0, 0), (1.0 * 1.0 + 3.0 * 3.0) / 4.0, 1e-6);
  EXPECT_NEAR(out(1, 0), 2.5, 1e-6) << "the order of the neighbours does not matter";
}

TEST(vector_attention, moving_all_points_changes_nothing) {
  const VectorAttentionWeights w = Layers(16).weights();
  const Matrix x = random_matrix(40, 16, 1);
  const Matrix positions = random_matrix(40, 3, 2);
  Matrix moved = clone(positions);
  for (std::size_t i = 0; i < 40; ++i) moved(i, 0) += 8.0F;
  const auto neighbors = some_neighbors(40, 6);
  EXPECT_LT(distance(run(w, positions, x, neighbors), run(w, moved, x, neighbors)), 1e-4);
}

TEST(vector_attention, listeners_hear_the_weights_and_change_nothing) {
  const Layers layers(16);
  const Matrix x = random_matrix(300, 16, 1);
  const Matrix positions = random_matrix(300, 3, 2);
  const auto neighbors = some_neighbors(300, 5);
  std::size_t next = 0;
  std::vector<Row> expected;
  const auto listener = [&](std::size_t query, MatrixView weights) {
    ASSERT_EQ(query, next++);
    ASSERT_EQ(weights.rows, 5U);
    (void)twin(layers, positions, x, query, std::span(neighbors).subspan(query * 5, 5), expected);
    for (std::size_t r = 0; r < 5; ++r) {
      for (std::size_t ch = 0; ch < 16; ++ch) {
        ASSERT_NEAR(weights(r, ch), expected[r][ch % 2], 1e-5);
      }
    }
  };
  const Matrix heard = run(layers.weights(), positions, x, neighbors, listener);
  EXPECT_EQ(next, 300U);
  EXPECT_TRUE(same_bytes(heard, run(layers.weights(), positions, x, neighbors)));
}

TEST(vector_attention, same_bytes_for_any_thread_count) {
  const VectorAttentionWeights w = Layers(32).weights();
  const Matrix x = random_matrix(500, 32, 1);
  const Matrix positions = random_matrix(500, 3, 2);
  const auto neighbors = some_neighbors(500, 16);
  const auto with_threads = [&](int threads) {
    const ThreadLimit limit(threads);
    return run(w, positions, x, neighbors);
  };
  EXPECT_TRUE(same_bytes(with_threads(1), with_threads(8)));
}

TEST(vector_attention, refuses_shapes_that_do_not_fit) {
  const VectorAttentionWeights w = Layers(16).weights();
  const Matrix x = random_matrix(10, 16, 1);
  const Matrix positions = random_matrix(10, 3, 2);
  EXPECT_THROW((void)run(w, positions, x, some_neighbors(3, 5)), Error);
  EXPECT_THROW((void)run(w, positions, x, {}), Error);
  EXPECT_THROW((void)run(w, positions.view().rows_range(0, 9), x, some_neighbors(10, 5)), Error);
  EXPECT_THROW((void)run(w, positions, random_matrix(10, 15, 1), some_neighbors(10, 5)), Error);
  EXPECT_EQ(run(w, Matrix(0, 3), Matrix(0, 16), {}).rows(), 0U);
}

}  // namespace
}  // namespace ptattn::test
