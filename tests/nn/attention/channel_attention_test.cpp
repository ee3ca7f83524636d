#include "ptattn/nn/attention/channel_attention.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "matrices.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"

namespace ptattn::test {
namespace {

double sigmoid(double x) {
  return 1.0 / (1.0 + std::exp(-x));
}

SqueezeExciteWeights random_squeeze(std::size_t channels, std::size_t reduced) {
  return {Linear(random_dense(channels, reduced, 3)), Linear(random_dense(reduced, channels, 5))};
}

Matrix squeezed(const SqueezeExciteWeights& w, MatrixView x) {
  Matrix out(x.rows, x.cols);
  squeeze_excite(w, x, out);
  return out;
}

Matrix convolved(const std::vector<float>& kernel, MatrixView x) {
  Matrix out(x.rows, x.cols);
  efficient_channel_attention(kernel, x, out);
  return out;
}

TEST(channel_means, equal_their_scalar_twin) {
  for (const std::size_t n : {1, 7, 5000, 12289}) {
    const Matrix x = random_matrix(n, 5, n);
    const Matrix means = channel_means(x);
    for (std::size_t c = 0; c < 5; ++c) {
      double sum = 0.0;
      for (std::size_t i = 0; i < n; ++i) sum += x(i, c);
      EXPECT_NEAR(means(0, c), sum / static_cast<double>(n), 1e-7);
    }
  }
}

TEST(squeeze_excite, hand_computed) {
  // Means (2, -1); hidden = ReLU(2 - (-1)) = 3; gates sigmoid(3 ln 2 / 3) = 2/3 and sigmoid(0).
  DenseWeights reduce{Matrix(1, 2), {0.0F}};
  reduce.weight(0, 0) = 1.0F, reduce.weight(0, 1) = -1.0F;
  DenseWeights expand{Matrix(2, 1), {0.0F, -3.0F}};
  expand.weight(0, 0) = std::log(2.0F) / 3.0F, expand.weight(1, 0) = 1.0F;
  const SqueezeExciteWeights w{Linear(std::move(reduce)), Linear(std::move(expand))};
  Matrix x(2, 2);
  x(0, 0) = 3.0F, x(0, 1) = 0.0F, x(1, 0) = 1.0F, x(1, 1) = -2.0F;
  const Matrix out = squeezed(w, x);
  EXPECT_NEAR(out(0, 0), 2.0, 1e-6);
  EXPECT_NEAR(out(0, 1), 0.0, 1e-6);
  EXPECT_NEAR(out(1, 0), 2.0 / 3.0, 1e-6);
  EXPECT_NEAR(out(1, 1), -1.0, 1e-6);
}

TEST(squeeze_excite, permuting_points_permutes_rows) {
  const SqueezeExciteWeights w = random_squeeze(16, 4);
  const Matrix x = random_matrix(50, 16, 1);
  std::vector<std::size_t> order(50);
  for (std::size_t i = 0; i < 50; ++i) order[i] = i * 7 % 50;
  EXPECT_LT(distance(squeezed(w, permuted(x, order)), permuted(squeezed(w, x), order)), 1e-6);
}

TEST(squeeze_excite, works_in_place_and_with_strides) {
  const SqueezeExciteWeights w = random_squeeze(9, 4);
  Embedded x(33, 9, 3, 1);
  fill(x.view(), 2);
  const Matrix expected = squeezed(w, x.view());
  squeeze_excite(w, x.view(), x.view());
  EXPECT_TRUE(same_bytes(x.view(), expected));
  EXPECT_TRUE(x.surroundings_intact());
}

TEST(efficient_channel_attention, hand_computed) {
  // Means (1, 2, 4); the kernel (1, 10, 100) reaches one channel to either side.
  Matrix x(1, 3);
  x(0, 0) = 1.0F, x(0, 1) = 2.0F, x(0, 2) = 4.0F;
  const Matrix out = convolved({0.01F, 0.1F, 1.0F}, x);
  EXPECT_NEAR(out(0, 0), 1.0 * sigmoid(2.1), 1e-6);
  EXPECT_NEAR(out(0, 1), 2.0 * sigmoid(4.21), 1e-6);
  EXPECT_NEAR(out(0, 2), 4.0 * sigmoid(0.42), 1e-6);
}

TEST(efficient_channel_attention, a_kernel_wider_than_the_channels_sees_zeros_beyond_them) {
  Matrix x(1, 2);
  x(0, 0) = 1.0F, x(0, 1) = 3.0F;
  const Matrix out = convolved({5.0F, 0.5F, 0.1F, 0.2F, 7.0F}, x);
  EXPECT_NEAR(out(0, 0), 1.0 * sigmoid(0.1 * 1.0 + 0.2 * 3.0), 1e-6);
  EXPECT_NEAR(out(0, 1), 3.0 * sigmoid(0.5 * 1.0 + 0.1 * 3.0), 1e-6);
}

TEST(channel_attention, same_bytes_for_any_thread_count) {
  const SqueezeExciteWeights w = random_squeeze(24, 6);
  const Matrix x = random_matrix(20000, 24, 1);
  const auto with_threads = [&](int threads) {
    const ThreadLimit limit(threads);
    return convolved({0.3F, -0.5F, 0.8F}, squeezed(w, x));
  };
  EXPECT_TRUE(same_bytes(with_threads(1), with_threads(8)));
}

TEST(channel_attention, no_points_and_shapes_that_do_not_fit) {
  const SqueezeExciteWeights w = random_squeeze(4, 2);
  EXPECT_EQ(squeezed(w, Matrix(0, 4)).rows(), 0U);
  EXPECT_EQ(convolved({1.0F}, Matrix(0, 4)).rows(), 0U);

  const Matrix x = random_matrix(3, 4, 1);
  EXPECT_THROW((void)squeezed(w, random_matrix(3, 5, 1)), Error);
  EXPECT_THROW((void)squeezed(random_squeeze(3, 2), x), Error);
  Matrix narrow(3, 3);
  EXPECT_THROW(squeeze_excite(w, x, narrow), Error);
  EXPECT_THROW((void)convolved({}, x), Error);
  EXPECT_THROW((void)convolved({1.0F, 2.0F}, x), Error);
  EXPECT_THROW(efficient_channel_attention(std::vector<float>{1.0F}, x, narrow), Error);
}

}  // namespace
}  // namespace ptattn::test
