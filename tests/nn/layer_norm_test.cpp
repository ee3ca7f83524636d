#include "ptattn/nn/layer_norm.hpp"
#include "ptattn/core/clone.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "each_target.hpp"
#include "matrices.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"

namespace ptattn::test {
namespace {

std::vector<float> random_values(std::size_t n, std::uint64_t seed) {
  const Matrix m = random_matrix(1, n, seed);
  return {m.values().begin(), m.values().end()};
}

LayerNorm random_norm(std::size_t channels) {
  return {random_values(channels, 1), random_values(channels, 2), 1e-5};
}

/// The formula of the header in float64.
std::vector<double> twin(const LayerNorm& norm, const std::vector<double>& x) {
  const double n = static_cast<double>(x.size());
  double mean = 0.0;
  for (const double v : x) mean += v / n;
  double variance = 0.0;
  for (const double v : x) variance += (v - mean) * (v - mean) / n;
  std::vector<double> y(x.size());
  for (std::size_t j = 0; j < x.size(); ++j) {
    const double gamma = norm.gamma.empty() ? 1.0 : norm.gamma[j];
    const double beta = norm.beta.empty() ? 0.0 : norm.beta[j];
    y[j] = gamma * (x[j] - mean) / std::sqrt(variance + norm.eps) + beta;
  }
  return y;
}

TEST(layer_norm, hand_computed) {
  Matrix x(1, 4);
  x(0, 0) = 1, x(0, 1) = 3, x(0, 2) = 5, x(0, 3) = 7;  // mean 4, variance 5
  const Matrix y = layer_norm({{1.0F, 2.0F, 1.0F, 1.0F}, {0.0F, 0.0F, 10.0F, 0.0F}, 4.0}, x);
  EXPECT_FLOAT_EQ(y(0, 0), -1.0F);  // -3 / sqrt(5 + 4)
  EXPECT_FLOAT_EQ(y(0, 1), -2.0F / 3.0F);
  EXPECT_FLOAT_EQ(y(0, 2), 10.0F + 1.0F / 3.0F);
  EXPECT_FLOAT_EQ(y(0, 3), 1.0F);
}

TEST(layer_norm, equals_its_scalar_twin_on_every_cpu_level) {
  for_each_target([] {
    for (const std::size_t width : {1, 2, 3, 15, 16, 17, 48, 100, 257}) {
      SCOPED_TRACE(width);
      Embedded x(4, width, 3, 1);
      fill(x.view(), width, 3.0);
      Embedded residual(4, width, 1, 2);
      fill(residual.view(), width + 1, 3.0);
      const Matrix before = permuted(x.view(), {0, 1, 2, 3});
      for (const LayerNorm& norm : {random_norm(width), LayerNorm{}}) {
        Embedded plain(4, width, 2, 3);
        layer_norm(norm, before, plain.view());
        for (std::size_t i = 0; i < 4; ++i) {
          std::copy_n(before.row(i), width, x.view().row(i));
        }
        Embedded added(4, width, 0, 1);
        add_layer_norm(norm, residual.view(), x.view(), added.view());
        EXPECT_TRUE(plain.surroundings_intact() && added.surroundings_intact());
        EXPECT_TRUE(x.surroundings_intact() && residual.surroundings_intact());
        for (std::size_t i = 0; i < 4; ++i) {
          std::vector<double> row(before.row(i), before.row(i) + width);
          const std::vector<double> expected = twin(norm, row);
          for (std::size_t j = 0; j < width; ++j) {
            EXPECT_EQ(x.view()(i, j), before(i, j) + residual.view()(i, j));
            row[j] = x.view()(i, j);
          }
          const std::vector<double> expected_sum = twin(norm, row);
          for (std::size_t j = 0; j < width; ++j) {
            EXPECT_NEAR(plain.view()(i, j), expected[j], 5e-6);
            EXPECT_NEAR(added.view()(i, j), expected_sum[j], 5e-6);
          }
        }
      }
    }
  });
}

TEST(layer_norm, a_large_mean_does_not_drown_the_variance) {
  for_each_target([] {
    Matrix x(1, 64);
    for (std::size_t j = 0; j < 64; ++j) x(0, j) = 4096.0F + static_cast<float>(j % 2);
    const Matrix y = layer_norm({}, x);
    for (std::size_t j = 0; j < 64; ++j) EXPECT_NEAR(y(0, j), j % 2 == 0 ? -1.0 : 1.0, 1e-4);
  });
}

TEST(layer_norm, in_place_and_of_equal_values) {
  Matrix x = random_matrix(3, 20, 1);
  const LayerNorm norm = random_norm(20);
  const Matrix expected = layer_norm(norm, x);
  layer_norm(norm, x, x);
  EXPECT_TRUE(same_bytes(x, expected));

  Matrix sum = random_matrix(3, 20, 2);
  const Matrix residual = random_matrix(3, 20, 3);
  Matrix beside = clone(sum);
  Matrix out(3, 20);
  add_layer_norm(norm, residual, beside, out);
  add_layer_norm(norm, residual, sum, sum);
  EXPECT_TRUE(same_bytes(sum, out));

  Matrix equal(1, 20);
  for (float& v : equal.values()) v = 3.0F;
  const Matrix flat = layer_norm(norm, equal);
  for (std::size_t j = 0; j < 20; ++j) EXPECT_EQ(flat(0, j), norm.beta[j]);
}

TEST(layer_norm, same_bytes_for_any_thread_count_and_no_rows) {
  const LayerNorm norm = random_norm(70);
  const Matrix x = random_matrix(2000, 70, 3);
  const auto run = [&](int threads) {
    const ThreadLimit limit(threads);
    return layer_norm(norm, x);
  };
  EXPECT_TRUE(same_bytes(run(1), run(8)));
  EXPECT_EQ(layer_norm(norm, Matrix(0, 70)).rows(), 0U);
}

TEST(layer_norm, refuses_shapes_that_do_not_fit) {
  Matrix x = random_matrix(2, 6, 1);
  Matrix narrow(2, 5);
  EXPECT_THROW((void)layer_norm(random_norm(5), x), Error);
  EXPECT_THROW((void)layer_norm({{}, {1.0F}, 1e-5}, x), Error);
  EXPECT_THROW(layer_norm({}, x, narrow), Error);
  EXPECT_THROW(add_layer_norm({}, narrow, x, x), Error);
  EXPECT_THROW(add_layer_norm({}, Matrix(1, 6), x, x), Error);
}

}  // namespace
}  // namespace ptattn::test
