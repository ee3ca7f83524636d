#include "ptattn/nn/linear.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "matrices.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/batch_norm.hpp"
#include "ptattn/nn/kernels/reduce.hpp"

namespace ptattn::test {
namespace {

TEST(linear, hand_computed) {
  DenseWeights dense{Matrix(2, 3), {0.5F, -100.0F}};
  for (std::size_t i = 0; i < 6; ++i) dense.weight.data()[i] = static_cast<float>(i);
  Matrix x(1, 3);
  x(0, 0) = 1, x(0, 1) = 10, x(0, 2) = 100;
  const Linear layer(std::move(dense));
  const Matrix plain = linear(layer, x);
  EXPECT_EQ(plain(0, 0), 210.5F);  // 0 + 10 + 200 + 0.5
  EXPECT_EQ(plain(0, 1), 443.0F);  // 3 + 40 + 500 - 100

  Matrix negative(1, 3);
  negative(0, 0) = -1, negative(0, 1) = 0, negative(0, 2) = 0;
  EXPECT_EQ(linear(layer, negative, Activation::kRelu, plain)(0, 1), 443.0F);
  EXPECT_NEAR(linear(layer, negative, Activation::kLeakyRelu)(0, 1), -20.6F, 1e-5);
}

TEST(linear, equals_its_scalar_twin_across_the_borders_of_tasks) {
  const DenseWeights dense = random_dense(20, 300, 1);
  const Matrix x = random_matrix(250, 20, 2);
  const Matrix residual = random_matrix(250, 300, 3);
  const Matrix actual = linear(Linear(clone(dense)), x, Activation::kRelu, residual);
  for (std::size_t i = 0; i < 250; ++i) {
    for (std::size_t o = 0; o < 300; ++o) {
      double sum = dense.bias[o];
      for (std::size_t c = 0; c < 20; ++c) sum += double{x(i, c)} * dense.weight(o, c);
      ASSERT_NEAR(actual(i, o), std::max(sum, 0.0) + residual(i, o), 1e-5) << i << ", " << o;
    }
  }
}

TEST(linear, packed_result_is_the_result) {
  const Linear layer(random_dense(40, 70, 1));
  ScratchMemory scratch;
  for (const std::size_t rows : {0, 1, 90}) {
    const Matrix x = random_matrix(rows, 40, 2);
    EXPECT_TRUE(
        same_packed(linear_packed(layer, x, scratch), PackedMatrix::from_rows(linear(layer, x))));
  }
}

TEST(linear, same_bytes_for_any_thread_count) {
  const Linear layer(random_dense(150, 200, 1));
  const Matrix x = random_matrix(333, 150, 2);
  const Matrix residual = random_matrix(333, 200, 3);
  const auto run = [&](int threads) {
    const ThreadLimit limit(threads);
    return linear(layer, x, Activation::kRelu, residual);
  };
  EXPECT_TRUE(same_bytes(run(1), run(8)));
}

TEST(linear, equals_the_rows_one_by_one) {
  const Linear layer(random_dense(70, 40, 1));
  const Matrix x = random_matrix(250, 70, 2);
  const Matrix whole = linear(layer, x);
  for (std::size_t i = 0; i < x.rows(); ++i) {
    ASSERT_TRUE(
        same_bytes(linear(layer, x.view().rows_range(i, 1)), whole.view().rows_range(i, 1)));
  }
}

TEST(linear_max, is_the_largest_row_for_any_thread_count) {
  const Linear layer(random_dense(70, 200, 1));
  const Matrix x = random_matrix(250, 70, 2);
  Matrix expected(1, 200);
  column_max(linear(layer, x, Activation::kLeakyRelu), expected.data());
  for (const int threads : {1, 8}) {
    const ThreadLimit limit(threads);
    Matrix largest(1, 200);
    linear_max(layer, x, Activation::kLeakyRelu, largest);
    EXPECT_TRUE(same_bytes(largest, expected)) << threads;
  }
  Matrix narrow(1, 199);
  EXPECT_THROW(linear_max(layer, x, Activation::kRelu, narrow), Error);
  EXPECT_THROW(linear_max(layer, random_matrix(250, 71, 2), Activation::kRelu, expected), Error);
}

TEST(linear, no_rows) {
  EXPECT_EQ(linear(Linear(random_dense(3, 2, 1)), Matrix(0, 3)).rows(), 0U);
}

TEST(linear, refuses_shapes_that_do_not_fit) {
  const Linear layer(random_dense(3, 2, 1));
  const Matrix x = random_matrix(4, 3, 1);
  Matrix narrow(4, 1);
  EXPECT_THROW((void)linear(layer, Matrix(4, 5)), Error);
  EXPECT_THROW((void)linear(layer, x, Activation::kNone, Matrix(3, 2)), Error);
  EXPECT_THROW(linear(layer, x, Activation::kNone, {}, narrow), Error);
}

TEST(batch_norm, hand_computed) {
  DenseWeights dense{Matrix(1, 2), {7.0F}};
  dense.weight(0, 0) = 1, dense.weight(0, 1) = -2;
  // scale = 3 / sqrt(3.5 + 0.5) = 1.5
  const BatchNorm norm{{3.0F}, {10.0F}, {5.0F}, {3.5F}, 0.5};
  const DenseWeights layer = folded(std::move(dense), norm);
  EXPECT_EQ(layer.weight(0, 0), 1.5F);
  EXPECT_EQ(layer.weight(0, 1), -3.0F);
  EXPECT_EQ(layer.bias[0], 13.0F);  // 1.5 (7 - 5) + 10
}

TEST(batch_norm, folding_equals_normalising_afterwards) {
  const DenseWeights dense = random_dense(6, 4, 1);
  const BatchNorm norm{{1.0F, -0.5F, 2.0F, 0.1F},
                       {0.0F, 1.0F, -1.0F, 3.0F},
                       {0.3F, -0.2F, 0.0F, 1.0F},
                       {1.0F, 0.0F, 4.0F, 0.01F},
                       1e-5};
  const Matrix x = random_matrix(10, 6, 2);
  const Matrix plain = linear(Linear(clone(dense)), x);
  const Matrix actual = linear(Linear(folded(clone(dense), norm)), x);
  for (std::size_t i = 0; i < 10; ++i) {
    for (std::size_t c = 0; c < 4; ++c) {
      const double root = std::sqrt(double{norm.variance[c]} + norm.eps);
      const double expected = norm.gamma[c] * (plain(i, c) - norm.mean[c]) / root + norm.beta[c];
      EXPECT_NEAR(actual(i, c), expected, 1e-6 * (1.0 + 1.0 / root));
    }
  }
}

}  // namespace
}  // namespace ptattn::test
