#include "ptattn/nn/attention/attention.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "attention_twin.hpp"
#include "each_target.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/kernels/attention.hpp"

namespace ptattn::test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

Matrix run(MatrixView q, MatrixView k, MatrixView v, const AttentionScores& scores = {}) {
  Matrix out(q.rows, v.cols);
  attention(q, k, v, scores, out);
  return out;
}

TEST(attention, hand_computed) {
  for_each_target([] {
    // Scores 0 and ln 3 after scaling by 1/2: weights 1/4 and 3/4.
    Matrix q(1, 4);
    Matrix k(2, 4);
    Matrix v(2, 1);
    for (float& x : k.values()) x = 0.0F;
    for (float& x : q.values()) x = 0.0F;
    q(0, 2) = 2.0F, k(1, 2) = std::log(3.0F);
    v(0, 0) = 100.0F, v(1, 0) = 200.0F;
    EXPECT_NEAR(run(q, k, v)(0, 0), 175.0, 1e-4);
    EXPECT_NEAR(attention_weights(q, k, {})(0, 0), 0.25, 1e-7);

    AttentionScores unscaled;
    unscaled.scale = 1.0F;  // weights 1/10 and 9/10
    EXPECT_NEAR(run(q, k, v, unscaled)(0, 0), 190.0, 1e-4);
    EXPECT_NEAR(attention_weights(q, k, unscaled)(0, 1), 0.9, 1e-7);

    const std::vector<float> key_bias{std::log(3.0F), 0.0F};  // 1/2 each
    AttentionScores biased;
    biased.key_bias = key_bias;
    EXPECT_NEAR(run(q, k, v, biased)(0, 0), 150.0, 1e-4);
    EXPECT_NEAR(attention_weights(q, k, biased)(0, 0), 0.5, 1e-7);
  });
}

struct Sizes {
  std::size_t m, n, d, c;
};

void expect_twin(Sizes s, const AttentionScores& scores, double scale_of_values = 2.0) {
  SCOPED_TRACE(testing::Message() << "m " << s.m << ", n " << s.n << ", d " << s.d << ", c " << s.c
                                  << (scores.causal ? ", causal" : ""));
  Embedded q(s.m, s.d, s.m % 3, 1);
  Embedded k(s.n, s.d, s.n % 4, 3);
  Embedded v(s.n, s.c, s.d % 2, 2);
  Embedded out(s.m, s.c, 5, 1);
  fill(q.view(), 1, scale_of_values);
  fill(k.view(), 2, scale_of_values);
  fill(v.view(), 3);
  attention(q.view(), k.view(), v.view(), scores, out.view());
  EXPECT_TRUE(out.surroundings_intact());
  const Table weights = twin_weights(q.view(), k.view(), scores);
  EXPECT_LT(distance(out.view(), weights, v.view()), 3e-6);
  const Matrix actual = attention_weights(q.view(), k.view(), scores);
  for (std::size_t i = 0; i < s.m; ++i) {
    for (std::size_t j = 0; j < s.n; ++j) ASSERT_NEAR(actual(i, j), weights[i][j], 3e-6);
  }
}

TEST(attention, equals_its_scalar_twin_on_every_cpu_level) {
  for_each_target([] {
    // Around panels and groups of queries, blocks and tiles of keys, odd head widths.
    for (const std::size_t m : {1, 2, 15, 17, 31, 32, 33, 100, 128, 131}) {
      expect_twin({m, 70, 8, 8}, {});
    }
    for (const std::size_t n : {1, 2, 13, 14, 15, 127, 128, 129, 256, 300}) {
      expect_twin({35, n, 6, 5}, {});
    }
    for (const std::size_t d : {1, 2, 3, 6, 18, 48, 64, 127, 256}) {
      expect_twin({20, 40, d, 1 + d / 2}, {}, 1.0);
      expect_twin({5, 131, 7, d}, {});
    }
  });
}

TEST(attention, equals_its_scalar_twin_with_masks_and_biases) {
  for_each_target([] {
    for (const Sizes s : {Sizes{9, 9, 4, 3},
                          {40, 150, 18, 18},
                          {150, 40, 6, 7},
                          {1, 200, 5, 2},
                          {140, 140, 16, 16}}) {
      const Matrix bias = random_matrix(s.m, s.n, 4, 3.0);
      std::vector<float> key_bias(s.n);
      fill({key_bias.data(), 1, s.n, s.n}, 5, 3.0);
      for (std::size_t j = 0; j < s.n; j += 3) key_bias[j] = -kInfinity;
      AttentionScores scores;
      scores.causal = true;
      expect_twin(s, scores);
      scores.key_bias = key_bias;
      expect_twin(s, scores);
      scores.bias = bias;
      expect_twin(s, scores);
      scores.causal = false;
      expect_twin(s, scores);
      scores.key_bias = {};
      scores.scale = -0.7F;
      expect_twin(s, scores);
    }
  });
}

TEST(attention, a_query_does_not_depend_on_the_queries_beside_it) {
  for_each_target([] {
    const Matrix q = random_matrix(150, 10, 1, 2.0);
    const Matrix k = random_matrix(300, 10, 2, 2.0);
    const Matrix v = random_matrix(300, 9, 3);
    const Matrix together = run(q, k, v);
    for (std::size_t i = 0; i < 150; i += 7) {
      const Matrix alone = run(q.view().rows_range(i, 1), k, v);
      ASSERT_TRUE(same_bytes(alone, together.view().rows_range(i, 1))) << i;
    }
  });
}

TEST(attention, permuting_keys_changes_nothing_but_rounding) {
  const Matrix q = random_matrix(50, 12, 1, 2.0);
  const Matrix k = random_matrix(200, 12, 2, 2.0);
  const Matrix v = random_matrix(200, 12, 3);
  std::vector<std::size_t> order(200);
  for (std::size_t i = 0; i < 200; ++i) order[i] = i * 7 % 200;
  EXPECT_LT(distance(run(q, permuted(k, order), permuted(v, order)), run(q, k, v)), 1e-6);
}

TEST(attention, weights_sum_to_one) {
  for_each_target([] {
    const Matrix q = random_matrix(50, 12, 1, 5.0);
    const Matrix k = random_matrix(500, 12, 2, 5.0);
    Matrix ones(500, 3);
    for (float& x : ones.values()) x = 1.0F;
    const Matrix out = run(q, k, ones);
    for (const float x : out.values()) EXPECT_NEAR(x, 1.0, 2e-6);
  });
}

TEST(attention, causal_rows_are_those_of_the_keys_before_them) {
  for_each_target([] {
    const Matrix x = random_matrix(200, 8, 1, 3.0);
    AttentionScores causal;
    causal.causal = true;
    const Matrix whole = run(x, x, x, causal);
    for (const std::size_t n : {1, 2, 31, 32, 128, 129, 200}) {
      const Matrix prefix = run(x.view().rows_range(0, n), x.view().rows_range(0, n),
                                x.view().rows_range(0, n), causal);
      EXPECT_TRUE(same_bytes(prefix, whole.view().rows_range(0, n))) << n;
      // The last of n positions sees all of them: a step of a decoder with a cache.
      const Matrix step =
          run(x.view().rows_range(n - 1, 1), x.view().rows_range(0, n), x.view().rows_range(0, n));
      EXPECT_TRUE(same_bytes(step, whole.view().rows_range(n - 1, 1))) << n;
    }
  });
}

TEST(attention, causal_queries_beyond_the_keys_get_zeros) {
  for_each_target([] {
    const Matrix q = random_matrix(5, 4, 1);
    const Matrix k = random_matrix(3, 4, 2);
    AttentionScores causal;
    causal.causal = true;
    const Matrix out = run(q, k, k, causal);  // query i sees keys 0 ... i - 2
    for (std::size_t j = 0; j < 4; ++j) {
      EXPECT_EQ(out(0, j), 0.0F);
      EXPECT_EQ(out(1, j), 0.0F);
      EXPECT_NEAR(out(2, j), k(0, j), 1e-6);
    }
  });
}

TEST(attention, fully_masked_queries_get_zeros) {
  for_each_target([] {
    const Matrix q = random_matrix(40, 6, 1);
    const Matrix k = random_matrix(150, 6, 2);
    Matrix bias(40, 150);
    for (float& x : bias.values()) x = 0.0F;
    for (std::size_t j = 0; j < 150; ++j) bias(3, j) = bias(36, j) = -kInfinity;
    AttentionScores scores;
    scores.bias = bias;
    const Matrix out = run(q, k, k, scores);
    const Matrix weights = attention_weights(q, k, scores);
    for (std::size_t i = 0; i < 40; ++i) {
      const bool masked = i == 3 || i == 36;
      EXPECT_EQ(out(i, 0) == 0.0F && out(i, 5) == 0.0F, masked) << i;
      EXPECT_EQ(weights(i, 149) == 0.0F, masked) << i;
    }
  });
}

TEST(attention, large_scores_pick_the_largest) {
  for_each_target([] {
    Matrix q(2, 1);
    q(0, 0) = 1e4F, q(1, 0) = -1e4F;
    Matrix k(300, 1);
    Matrix v(300, 1);
    for (std::size_t j = 0; j < 300; ++j) {
      k(j, 0) = std::sin(static_cast<float>(j));
      v(j, 0) = static_cast<float>(j);
    }
    k(17, 0) = 1.5F, k(290, 0) = -1.5F;
    const Matrix out = run(q, k, v);
    EXPECT_EQ(out(0, 0), 17.0F);
    EXPECT_EQ(out(1, 0), 290.0F);
  });
}

TEST(attention, one_key_is_passed_on_exactly) {
  for_each_target([] {
    const Matrix q = random_matrix(3, 5, 1, 100.0);
    const Matrix k = random_matrix(1, 5, 2, 100.0);
    const Matrix v = random_matrix(1, 7, 3);
    const Matrix out = run(q, k, v);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(same_bytes(out.view().rows_range(i, 1), v));
  });
}

TEST(attention, rows_that_grow_away_from_each_other_leave_no_denormals) {
  // Each key outweighs all before it by e^50: corrections and weights below the floor are zero.
  for_each_target([] {
    Matrix q(1, 1);
    q(0, 0) = 1.0F;
    Matrix k(400, 1);
    Matrix v(400, 1);
    for (std::size_t j = 0; j < 400; ++j) {
      k(j, 0) = 50.0F * static_cast<float>(j);
      v(j, 0) = j == 399 ? 0.0F : 1.0F;
    }
    const float out = run(q, k, v)(0, 0);
    EXPECT_NEAR(out, std::exp(-50.0), 1e-26);
    EXPECT_GE(out, std::numeric_limits<float>::min());
  });
}

TEST(attention, no_queries_or_no_keys) {
  const Matrix x = random_matrix(3, 4, 1);
  EXPECT_EQ(run(Matrix(0, 4), x, x).rows(), 0U);
  EXPECT_EQ(attention_weights(Matrix(0, 4), x, {}).rows(), 0U);
  for (const bool causal : {false, true}) {
    AttentionScores scores;
    scores.causal = causal;
    const Matrix out = run(x, Matrix(0, 4), Matrix(0, 5), scores);
    for (const float value : out.values()) {
      EXPECT_EQ(value, 0.0F);
    }
    EXPECT_EQ(attention_weights(x, Matrix(0, 4), scores).size(), 0U);
  }
}

TEST(attention, same_bytes_for_any_thread_count_and_on_this_thread) {
  const Matrix qkv = random_matrix(700, 60, 1, 2.0);
  const auto q = qkv.view().cols_range(0, 20);
  const auto k = qkv.view().cols_range(20, 20);
  const auto v = qkv.view().cols_range(40, 20);
  for (const bool causal : {false, true}) {
    AttentionScores scores;
    scores.causal = causal;
    const auto with_threads = [&](int threads) {
      const ThreadLimit limit(threads);
      return run(q, k, v, scores);
    };
    const Matrix expected = with_threads(1);
    EXPECT_TRUE(same_bytes(with_threads(8), expected));
    Matrix here(700, 20);
    attention_on_this_thread(q, k, v, scores, here);
    EXPECT_TRUE(same_bytes(here, expected));
  }
}

TEST(attention, refuses_shapes_that_do_not_fit) {
  const Matrix q = random_matrix(3, 4, 1);
  const Matrix k = random_matrix(5, 4, 2);
  Matrix out(3, 4);
  EXPECT_THROW(attention(q, Matrix(5, 3), k, {}, out), Error);
  EXPECT_THROW(attention(q, k, Matrix(4, 4), {}, out), Error);
  EXPECT_THROW(attention(q, k, Matrix(5, 2), {}, out), Error);
  EXPECT_THROW(attention(q, k, k, {}, Matrix(2, 4)), Error);
  AttentionScores scores;
  const std::vector<float> key_bias(4);
  scores.key_bias = key_bias;
  EXPECT_THROW(attention(q, k, k, scores, out), Error);
  EXPECT_THROW((void)attention_weights(q, k, scores), Error);
  scores.key_bias = {};
  const Matrix bias = random_matrix(5, 3, 1);
  scores.bias = bias;
  EXPECT_THROW(attention(q, k, k, scores, out), Error);
  EXPECT_THROW((void)attention_weights(q, Matrix(5, 3), {}), Error);
}

}  // namespace
}  // namespace ptattn::test
