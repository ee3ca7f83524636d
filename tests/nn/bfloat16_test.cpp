#include "ptattn/nn/kernels/bfloat16.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "each_target.hpp"
#include "matrices.hpp"
#include "ptattn/core/cpu_level.hpp"
#include "ptattn/nn/kernels/attention.hpp"
#include "ptattn/nn/kernels/gemm.hpp"

namespace ptattn::test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

Matrix rounded(MatrixView x) {
  Matrix out(x.rows, x.cols);
  for (std::size_t i = 0; i < x.rows; ++i) {
    for (std::size_t j = 0; j < x.cols; ++j) out(i, j) = round_to_bf16(x(i, j));
  }
  return out;
}

PackedMatrix packed_bf16(MatrixView b) {
  PackedMatrix packed = PackedMatrix::from_rows(b);
  packed.round_to_bf16();
  return packed;
}

TEST(round_to_bf16, goes_to_the_nearest_and_to_even_from_the_middle) {
  EXPECT_EQ(round_to_bf16(1.0F), 1.0F);
  EXPECT_EQ(round_to_bf16(-0.0F), 0.0F);
  EXPECT_TRUE(std::signbit(round_to_bf16(-0.0F)));
  EXPECT_EQ(round_to_bf16(1.0F + 0x1p-8F), 1.0F);                // the middle, down to even
  EXPECT_EQ(round_to_bf16(1.0F + 3 * 0x1p-8F), 1.0F + 0x1p-6F);  // the middle, up to even
  EXPECT_EQ(round_to_bf16(1.0F + 0x1p-8F + 0x1p-20F), 1.0F + 0x1p-7F);
  EXPECT_EQ(round_to_bf16(-1.0F - 0x1p-8F - 0x1p-20F), -1.0F - 0x1p-7F);
  EXPECT_EQ(round_to_bf16(std::numeric_limits<float>::max()), kInfinity);
  EXPECT_EQ(round_to_bf16(-kInfinity), -kInfinity);
  EXPECT_TRUE(std::isnan(round_to_bf16(std::numeric_limits<float>::quiet_NaN())));
  EXPECT_TRUE(std::isnan(round_to_bf16(std::bit_cast<float>(0x7FFF'FFFFU))));
  EXPECT_TRUE(std::isnan(round_to_bf16(std::bit_cast<float>(0x7F80'0001U))));
}

TEST(round_rows, puts_two_rounded_neighbours_into_a_word) {
  for_each_target([] {
    for (const std::size_t cols : {1, 2, 5, 31, 32, 33, 70}) {
      Embedded x(3, cols, 3, 1);
      fill(x.view(), 1);
      x.view()(0, 0) = std::bit_cast<float>(0x7FFF'FFFFU);
      Embedded words(3, bf16_words(cols), 2, 1);
      round_rows(x.view(), words.view());
      EXPECT_TRUE(words.surroundings_intact());
      for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t j = 0; j < 2 * bf16_words(cols); ++j) {
          const float value = j < cols ? x.view()(i, j) : 0.0F;
          const auto word = std::bit_cast<std::uint32_t>(words.view()(i, j / 2));
          const std::uint32_t half = j % 2 == 0 ? word << 16U : word & 0xFFFF'0000U;
          ASSERT_EQ(half, std::bit_cast<std::uint32_t>(round_to_bf16(value))) << i << ", " << j;
        }
      }
    }
  });
}

TEST(bf16_product, is_that_of_the_rounded_numbers) {
  for_each_target([] {
    for (const std::size_t k : {1, 2, 3, 64, 511, 512, 513, 1030}) {
      for (const std::size_t n : {5, 32, 75}) {
        Embedded a(15, k, 3, 1);
        fill(a.view(), 1);
        const Matrix b = random_matrix(k, n, 2);
        const Matrix bias = random_matrix(1, n, 3);
        const PackedMatrix packed = packed_bf16(b);
        Embedded c(15, n, 5, 3);
        gemm(a.view(), packed, 0, packed.panels(), {bias.data(), Activation::kRelu, {}}, c.view());
        EXPECT_TRUE(c.surroundings_intact());
        Matrix expected(15, n);
        const PackedMatrix exact = PackedMatrix::from_rows(rounded(b));
        gemm(rounded(a.view()), exact, 0, exact.panels(), {bias.data(), Activation::kRelu, {}},
             expected);
        EXPECT_LT(distance(c.view(), expected), 2e-6 * static_cast<double>(k)) << k << ", " << n;
      }
    }
  });
}

TEST(bf16_product, has_the_same_bits_by_instruction_and_by_multiply_adds) {
  const Matrix a = random_matrix(29, 301, 1);
  const PackedMatrix b = packed_bf16(random_matrix(301, 70, 2));
  std::vector<Matrix> products;
  for_each_level([&] {
    if (!cpu_levels().front().starts_with("a")) return;  // no fused multiply-add
    Matrix c(29, 70);
    gemm(a, b, 0, b.panels(), {}, c);
    products.push_back(std::move(c));
  });
  for (const Matrix& product : products) EXPECT_TRUE(same_bytes(product, products.front()));
}

TEST(bf16_product, splitting_rows_and_panels_changes_no_bit) {
  for_each_target([] {
    const Matrix a = random_matrix(45, 600, 1);
    const PackedMatrix b = packed_bf16(random_matrix(600, 100, 2));
    Matrix whole(45, 100);
    gemm(a, b, 0, b.panels(), {}, whole);
    Matrix parts(45, 100);
    for (std::size_t i = 0; i < 45; i += 9) {
      for (std::size_t p = 0; p < b.panels(); ++p) {
        gemm(a.view().rows_range(i, 9), b, p, p + 1, {}, parts.view().rows_range(i, 9));
      }
    }
    EXPECT_TRUE(same_bytes(parts, whole));
  });
}

TEST(bf16_product, is_added_and_pooled_as_in_float32) {
  for_each_target([] {
    const Matrix a = random_matrix(14, 19, 1);
    const PackedMatrix b = packed_bf16(random_matrix(19, 75, 2));
    Matrix product(14, 75);
    gemm(a, b, 0, b.panels(), {}, product);
    std::vector<std::uint16_t> targets(14);
    for (std::size_t i = 0; i < 14; ++i) targets[i] = static_cast<std::uint16_t>(2 * i);
    Matrix sum = random_matrix(28, 75, 3);
    Matrix expected_sum = clone(sum);
    gemm_add(a, b, 0, b.panels(), targets, sum);
    Matrix largest(2, 75);
    gemm_max(a, b, 0, b.panels(), {}, largest);
    for (std::size_t i = 0; i < 14; ++i) {
      for (std::size_t j = 0; j < 75; ++j) {
        expected_sum(2 * i, j) += product(i, j);
        EXPECT_GE(largest(i / 7, j), product(i, j));
      }
    }
    EXPECT_TRUE(same_bytes(sum, expected_sum));
    for (std::size_t j = 0; j < 75; ++j) {
      float most = product(0, j);
      for (std::size_t i = 1; i < 7; ++i) most = std::max(most, product(i, j));
      EXPECT_EQ(largest(0, j), most);
    }
  });
}

TEST(bf16_product, rows_of_a_packed_matrix_are_those_of_a_part) {
  const Matrix b = random_matrix(10, 40, 1);
  ScratchMemory scratch;
  const PackedMatrixView part = packed_rows(packed_bf16(b), 4, 5, scratch);
  EXPECT_TRUE(part.is_bf16);
  const PackedMatrix expected = packed_bf16(b.view().rows_range(4, 5));
  const Matrix a = random_matrix(3, 5, 2);
  Matrix c(3, 40);
  Matrix other(3, 40);
  gemm(a, part, 0, part.panels(), {}, c);
  gemm(a, expected, 0, expected.panels(), {}, other);
  EXPECT_TRUE(same_bytes(c, other));
}

/// The largest difference from attention over rounded numbers in float32, whose weights are not
/// rounded, relative to the largest value.
double attention_error(std::size_t m, std::size_t n, std::size_t d, std::size_t c,
                       AttentionScores scores) {
  const Matrix q = random_matrix(m, d, 1, 2.0);
  const Matrix k = random_matrix(n, d, 2, 2.0);
  const Matrix v = random_matrix(n, c, 3);
  Matrix expected(m, c);
  attention_on_this_thread(rounded(q), rounded(k), rounded(v), scores, expected);
  scores.bf16 = true;
  Matrix actual(m, c);
  attention_on_this_thread(q, k, v, scores, actual);
  return distance(actual, expected);
}

TEST(bf16_attention, is_that_of_the_rounded_numbers) {
  for_each_target([] {
    for (const std::size_t n : {1, 2, 31, 128, 129, 300}) {
      for (const std::size_t d : {1, 7, 16, 33}) {
        // Weights are rounded by 2^-9 at most, scaled queries a little differently.
        EXPECT_LT(attention_error(37, n, d, 13, {}), 0.02) << n << " keys, " << d;
      }
    }
  });
}

TEST(bf16_attention, weights_are_exponentials_to_bfloat16) {
  for_each_target([] {
    // Scores 0 and -x, values 0 and 1: the result is w / (1 + w), w = 2^-x rounded.
    Matrix k(2, 1);
    k(0, 0) = 0.0F, k(1, 0) = -1.0F;
    Matrix v(2, 1);
    v(0, 0) = 0.0F, v(1, 0) = 1.0F;
    Matrix q(127, 1);
    for (std::size_t i = 0; i < q.rows(); ++i) q(i, 0) = static_cast<float>(i) / 16.0F;
    Matrix out(q.rows(), 1);
    attention_on_this_thread(q, k, v, {.scale = 0.69314718F, .bf16 = true}, out);
    for (std::size_t i = 0; i < q.rows(); ++i) {
      const double weight = std::exp2(-double{q(i, 0)});
      EXPECT_NEAR(out(i, 0), weight / (1.0 + weight), 0.0041 * weight) << q(i, 0);
    }
  });
}

TEST(bf16_attention, heeds_biases_and_masks) {
  for_each_target([] {
    std::vector<float> key_bias(150);
    for (std::size_t j = 0; j < key_bias.size(); ++j) {
      key_bias[j] = j % 3 == 0 ? -kInfinity : 0.01F * static_cast<float>(j);
    }
    EXPECT_LT(attention_error(40, 150, 16, 16, {.key_bias = key_bias}), 0.02);
    const Matrix bias = random_matrix(40, 150, 4);
    EXPECT_LT(attention_error(40, 150, 16, 16, {.bias = bias}), 0.02);
    EXPECT_LT(attention_error(150, 150, 16, 16, {.causal = true}), 0.02);
    std::vector<float> nothing(20, -kInfinity);
    Matrix out = random_matrix(3, 5, 6);
    attention_on_this_thread(random_matrix(3, 4, 1), random_matrix(20, 4, 2),
                             random_matrix(20, 5, 3), {.key_bias = nothing, .bf16 = true}, out);
    for (const float x : out.values()) EXPECT_EQ(x, 0.0F);
  });
}

TEST(bf16_attention, of_one_key_is_its_value) {
  for_each_target([] {
    const Matrix v = rounded(random_matrix(1, 33, 3));
    Matrix out(4, 33);
    attention_on_this_thread(random_matrix(4, 5, 1), random_matrix(1, 5, 2), v, {.bf16 = true},
                             out);
    for (std::size_t i = 0; i < 4; ++i) {
      for (std::size_t j = 0; j < 33; ++j) EXPECT_NEAR(out(i, j), v(0, j), 1e-6);
    }
  });
}

}  // namespace
}  // namespace ptattn::test
