#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "attention_twin.hpp"
#include "each_target.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/attention/attention.hpp"

namespace ptattn::test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<std::uint32_t> random_lists(std::size_t m, std::size_t r, std::size_t n) {
  Random random(m + 7 * r);
  std::vector<std::uint32_t> lists(m * r);
  for (std::uint32_t& index : lists) index = static_cast<std::uint32_t>(random.below(n));
  return lists;
}

Matrix run(MatrixView q, MatrixView k, MatrixView v, std::span<const std::uint32_t> lists,
           const AttentionScores& scores = {}) {
  Matrix out(q.rows, v.cols);
  neighbor_attention(q, k, v, lists, scores, out);
  return out;
}

TEST(neighbor_attention, hand_computed) {
  for_each_target([] {
    Matrix q(1, 4);
    Matrix k(3, 4);
    Matrix v(3, 1);
    for (float& x : q.values()) x = 1.0F;
    for (float& x : k.values()) x = 100.0F;  // key 0 is in no list
    for (std::size_t j = 0; j < 4; ++j) k(1, j) = 0.0F, k(2, j) = std::log(3.0F) / 2.0F;
    v(0, 0) = -1e9F, v(1, 0) = 100.0F, v(2, 0) = 200.0F;
    const std::vector<std::uint32_t> lists{2, 1};
    EXPECT_NEAR(run(q, k, v, lists)(0, 0), 175.0, 1e-4);  // weights 3/4, 1/4
    AttentionScores unscaled;
    unscaled.scale = 1.0F;  // 9/10, 1/10
    EXPECT_NEAR(run(q, k, v, lists, unscaled)(0, 0), 190.0, 1e-4);
  });
}

TEST(neighbor_attention, equals_its_scalar_twin_on_every_cpu_level) {
  for_each_target([] {
    for (const std::size_t d : {1, 3, 4, 6, 16, 18, 35, 64}) {
      for (const std::size_t r : {1, 8, 16, 17, 32}) {
        SCOPED_TRACE(testing::Message() << "d " << d << ", r " << r);
        const std::size_t c = d + 1;
        Embedded q(12, d, 1, 1);
        Embedded k(40, d, 2, 3);
        Embedded v(40, c, 3, 1);
        Embedded out(12, c, 1, 2);
        fill(q.view(), 1, 2.0);
        fill(k.view(), 2, 2.0);
        fill(v.view(), 3);
        const std::vector<std::uint32_t> lists = random_lists(12, r, 40);
        const Matrix bias = random_matrix(12, r, 4, 2.0);
        std::vector<float> key_bias(40);
        fill({key_bias.data(), 1, 40, 40}, 5, 2.0);
        AttentionScores scores;
        scores.bias = bias;
        scores.key_bias = key_bias;
        neighbor_attention(q.view(), k.view(), v.view(), lists, scores, out.view());
        EXPECT_TRUE(out.surroundings_intact());
        for (std::size_t i = 0; i < 12; ++i) {
          const std::vector<std::size_t> list(lists.begin() + i * r, lists.begin() + (i + 1) * r);
          std::vector<float> bias_of_list(r);
          for (std::size_t j = 0; j < r; ++j) bias_of_list[j] = bias(i, j) + key_bias[list[j]];
          AttentionScores of_list;
          of_list.key_bias = bias_of_list;
          const MatrixView query = MatrixView(q.view()).rows_range(i, 1);
          const Table weights = twin_weights(query, permuted(k.view(), list), of_list);
          ASSERT_LT(
              distance(MatrixView(out.view()).rows_range(i, 1), weights, permuted(v.view(), list)),
              2e-6);
        }
      }
    }
  });
}

TEST(neighbor_attention, lists_of_all_keys_give_attention) {
  const Matrix q = random_matrix(30, 12, 1, 2.0);
  const Matrix k = random_matrix(50, 12, 2, 2.0);
  const Matrix v = random_matrix(50, 10, 3);
  std::vector<std::uint32_t> lists(30 * 50);
  for (std::size_t i = 0; i < lists.size(); ++i) lists[i] = static_cast<std::uint32_t>(i % 50);
  Matrix expected(30, 10);
  attention(q, k, v, {}, expected);
  EXPECT_LT(ptattn::test::distance(run(q, k, v, lists), expected), 1e-6);
}

TEST(neighbor_attention, fully_masked_and_empty_lists_give_zeros) {
  for_each_target([] {
    const Matrix q = random_matrix(2, 6, 1);
    const Matrix k = random_matrix(4, 6, 2);
    const std::vector<std::uint32_t> lists{0, 1, 2, 3};
    const std::vector<float> key_bias{-kInfinity, -kInfinity, 0.0F, -kInfinity};
    AttentionScores scores;
    scores.key_bias = key_bias;
    const Matrix out = run(q, k, k, lists, scores);
    for (std::size_t j = 0; j < 6; ++j) {
      EXPECT_EQ(out(0, j), 0.0F);
      EXPECT_EQ(out(1, j), k(2, j));
    }
    const Matrix none = run(q, k, k, {});
    for (const float x : none.values()) EXPECT_EQ(x, 0.0F);
  });
}

TEST(neighbor_attention, same_bytes_for_any_thread_count) {
  const Matrix q = random_matrix(3000, 18, 1, 2.0);
  const Matrix k = random_matrix(500, 18, 2, 2.0);
  const Matrix v = random_matrix(500, 18, 3);
  const std::vector<std::uint32_t> lists = random_lists(3000, 16, 500);
  const auto with_threads = [&](int threads) {
    const ThreadLimit limit(threads);
    return run(q, k, v, lists);
  };
  EXPECT_TRUE(same_bytes(with_threads(1), with_threads(8)));
}

TEST(neighbor_attention, refuses_shapes_that_do_not_fit) {
  const Matrix q = random_matrix(3, 4, 1);
  const Matrix k = random_matrix(5, 4, 2);
  const std::vector<std::uint32_t> lists{0, 1, 2, 3, 4, 0};
  Matrix out(3, 4);
  EXPECT_THROW((void)run(q, k, k, std::span(lists).first(5)), Error);
  EXPECT_THROW((void)run(q, Matrix(5, 3), k, lists), Error);
  EXPECT_THROW((void)run(q, k, Matrix(4, 4), lists), Error);
  EXPECT_THROW(neighbor_attention(q, k, k, lists, {}, Matrix(3, 3)), Error);
  AttentionScores scores;
  scores.causal = true;
  EXPECT_THROW((void)run(q, k, k, lists, scores), Error);
  scores.causal = false;
  const Matrix bias = random_matrix(3, 5, 1);
  scores.bias = bias;
  EXPECT_THROW((void)run(q, k, k, lists, scores), Error);
  scores.bias = {};
  const std::vector<float> key_bias(4);
  scores.key_bias = key_bias;
  EXPECT_THROW((void)run(q, k, k, lists, scores), Error);
}

}  // namespace
}  // namespace ptattn::test
