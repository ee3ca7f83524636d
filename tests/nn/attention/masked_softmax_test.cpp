#include "ptattn/nn/attention/masked_softmax.hpp"
#include "ptattn/core/clone.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "each_target.hpp"
#include "matrices.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"

namespace ptattn::test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(masked_softmax, hand_computed) {
  Matrix x(3, 3);
  for (std::size_t i = 0; i < 3; ++i) {
    x(i, 0) = 0.0F, x(i, 1) = std::log(3.0F), x(i, 2) = std::log(4.0F);
  }
  x(2, 1) = -kInfinity;
  const std::vector<std::uint32_t> valid{3, 2, 3};
  masked_softmax(x, valid);
  const float expected[3][3] = {{0.125F, 0.375F, 0.5F}, {0.25F, 0.75F, 0.0F}, {0.2F, 0.0F, 0.8F}};
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) EXPECT_NEAR(x(i, j), expected[i][j], 1e-7);
  }
  EXPECT_EQ(x(1, 2), 0.0F);
  EXPECT_EQ(x(2, 1), 0.0F);
}

TEST(masked_softmax, equals_its_scalar_twin_on_every_cpu_level) {
  for_each_target([] {
    for (const std::size_t width : {1, 2, 15, 16, 17, 64, 131}) {
      Embedded x(5, width, 3, 1);
      fill(x.view(), width, 10.0);
      x.view()(3, 0) = -kInfinity;
      const Matrix before = permuted(x.view(), {0, 1, 2, 3, 4});
      const auto w = static_cast<std::uint32_t>(width);
      const std::vector<std::uint32_t> valid{w, 1, (w + 1) / 2, w, 0};
      masked_softmax(x.view(), valid);
      EXPECT_TRUE(x.surroundings_intact());
      for (std::size_t i = 0; i < 5; ++i) {
        double total = 0.0;
        for (std::size_t j = 0; j < valid[i]; ++j) total += std::exp(double{before(i, j)});
        for (std::size_t j = 0; j < width; ++j) {
          const double expected =
              j < valid[i] && total > 0.0 ? std::exp(double{before(i, j)}) / total : 0.0;
          EXPECT_NEAR(x.view()(i, j), expected, 2e-6 * expected) << i << ", " << j;
        }
      }
    }
  });
}

TEST(masked_softmax, nothing_that_counts_gives_zeros) {
  for_each_target([] {
    Matrix x(2, 40);
    for (float& v : x.values()) v = -kInfinity;
    x(1, 0) = 5.0F;
    const std::vector<std::uint32_t> valid{40, 0};
    masked_softmax(x, valid);
    for (const float v : x.values()) EXPECT_EQ(v, 0.0F);
  });
}

TEST(masked_softmax, large_scores_and_single_values) {
  for_each_target([] {
    Matrix x(1, 20);
    for (float& v : x.values()) v = -1e4F;
    x(0, 7) = 1e4F;
    masked_softmax(x);
    for (std::size_t j = 0; j < 20; ++j) EXPECT_EQ(x(0, j), j == 7 ? 1.0F : 0.0F);
  });
}

TEST(masked_softmax, same_bytes_for_any_thread_count_and_no_rows) {
  const Matrix x = random_matrix(500, 200, 1, 5.0);
  const auto run = [&](int threads) {
    const ThreadLimit limit(threads);
    Matrix y = clone(x);
    masked_softmax(y);
    return y;
  };
  EXPECT_TRUE(same_bytes(run(1), run(8)));
  masked_softmax(Matrix(0, 4));
  masked_softmax(Matrix(4, 0));
}

TEST(masked_softmax, refuses_lengths_that_do_not_fit) {
  Matrix x = random_matrix(2, 3, 1);
  const std::vector<std::uint32_t> few{1};
  const std::vector<std::uint32_t> long_row{1, 4};
  EXPECT_THROW(masked_softmax(x, few), Error);
  EXPECT_THROW(masked_softmax(x, long_row), Error);
}

}  // namespace
}  // namespace ptattn::test
