#include "ptattn/nn/kernels/softmax_stats.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "each_target.hpp"
#include "matrices.hpp"

namespace ptattn::test {
namespace {

TEST(softmax_stats, equal_their_scalar_twin) {
  for_each_target([] {
    for (const std::size_t n : {1, 3, 16, 37}) {
      const Matrix x = random_matrix(5, n, n, 4.0);
      std::vector<float> largest(5);
      std::vector<float> total(5);
      softmax_stats(x, largest.data(), total.data());
      for (std::size_t i = 0; i < 5; ++i) {
        const float* row = x.row(i);
        EXPECT_EQ(largest[i], *std::max_element(row, row + n));
        double sum = 0.0;
        for (std::size_t j = 0; j < n; ++j) sum += std::exp(double{row[j]} - largest[i]);
        EXPECT_NEAR(total[i], sum, 1e-6 * sum);
      }
    }
  });
}

TEST(softmax_stats, weights_equal_their_scalar_twin) {
  for_each_target([] {
    for (const std::size_t n : {1, 3, 16, 37}) {
      const Matrix scores = random_matrix(4, n, n, 3.0);
      const std::vector<float> largest(n, 3.0F);
      std::vector<float> total(n);
      std::iota(total.begin(), total.end(), 1.0F);
      Embedded memory(4, n, 3, 1);
      for (std::size_t i = 0; i < 4; ++i) {
        std::copy_n(scores.row(i), n, memory.view().row(i));
      }
      std::vector<float> sums(4);
      weights_from_stats(memory.view(), largest.data(), total.data(), sums.data());
      EXPECT_TRUE(memory.surroundings_intact());
      for (std::size_t i = 0; i < 4; ++i) {
        double sum = 0.0;
        for (std::size_t j = 0; j < n; ++j) {
          const double weight = std::exp(double{scores(i, j)} - 3.0) / total[j];
          EXPECT_NEAR(memory.view()(i, j), weight, 1e-6 * weight);
          sum += weight;
        }
        EXPECT_NEAR(sums[i], sum, 1e-6 * sum);
      }
    }
  });
}

TEST(softmax_stats, tiny_weights_are_zero_and_not_denormal) {
  Matrix x(1, 2);
  x(0, 0) = -100.0F, x(0, 1) = 0.0F;
  const std::vector<float> largest(2, 0.0F);
  const std::vector<float> total(2, 1.0F);
  float sum = 0.0F;
  weights_from_stats(x, largest.data(), total.data(), &sum);
  EXPECT_EQ(x(0, 0), 0.0F);
  EXPECT_EQ(sum, 1.0F);
}

}  // namespace
}  // namespace ptattn::test
