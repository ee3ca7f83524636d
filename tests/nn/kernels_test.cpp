#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "each_target.hpp"
#include "matrices.hpp"
#include "ptattn/core/clone.hpp"
#include "ptattn/nn/kernels/gather.hpp"
#include "ptattn/nn/kernels/reduce.hpp"
#include "ptattn/nn/kernels/softmax.hpp"

namespace ptattn::test {
namespace {

constexpr std::array<std::size_t, 8> kWidths{1, 3, 4, 15, 16, 17, 33, 64};

TEST(column_max, equals_its_scalar_twin_on_every_cpu_level) {
  for_each_target([] {
    for (const std::size_t width : kWidths) {
      Embedded x(5, width, 3, 1);
      fill(x.view(), width);
      std::vector<float> out(width + 1, -77.0F);
      column_max(x.view(), out.data());
      for (std::size_t j = 0; j < width; ++j) {
        float largest = x.view()(0, j);
        for (std::size_t i = 1; i < 5; ++i) largest = std::max(largest, x.view()(i, j));
        EXPECT_EQ(out[j], largest);
      }
      EXPECT_EQ(out[width], -77.0F);
    }
  });
}

TEST(row_sums, equals_its_scalar_twin_on_every_cpu_level) {
  for_each_target([] {
    for (const std::size_t width : kWidths) {
      Embedded x(5, width, 3, 1);
      fill(x.view(), width);
      std::vector<float> out(5);
      row_sums(x.view(), out.data());
      for (std::size_t i = 0; i < 5; ++i) {
        double sum = 0.0;
        for (std::size_t j = 0; j < width; ++j) sum += x.view()(i, j);
        EXPECT_NEAR(out[i], sum, 1e-6 * static_cast<double>(width));
      }
    }
  });
}

TEST(gather_add_relu, equals_its_scalar_twin_on_every_cpu_level) {
  for_each_target([] {
    const std::vector<std::uint32_t> indices{4, 0, 4, 2};
    for (const std::size_t width : kWidths) {
      Embedded x(5, width, 3, 1);
      fill(x.view(), width);
      const Matrix center = random_matrix(1, width, 9);
      Embedded out(indices.size(), width, 2, 1);
      gather_add_relu(x.view(), indices, center.data(), out.view());
      EXPECT_TRUE(out.surroundings_intact());
      for (std::size_t r = 0; r < indices.size(); ++r) {
        for (std::size_t j = 0; j < width; ++j) {
          EXPECT_EQ(out.view()(r, j), std::max(x.view()(indices[r], j) + center(0, j), 0.0F));
        }
      }
    }
  });
}

TEST(softmax_columns, hand_computed) {
  Matrix x(3, 2);
  x(0, 0) = 0.0F, x(1, 0) = std::log(2.0F), x(2, 0) = std::log(5.0F);
  x(0, 1) = 7.0F, x(1, 1) = 7.0F, x(2, 1) = 7.0F;
  softmax_columns(x);
  EXPECT_NEAR(x(0, 0), 0.125, 1e-7);
  EXPECT_NEAR(x(1, 0), 0.25, 1e-7);
  EXPECT_NEAR(x(2, 0), 0.625, 1e-7);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(x(i, 1), 1.0 / 3.0, 1e-7);
}

TEST(softmax_columns, equals_its_scalar_twin_on_every_cpu_level) {
  for_each_target([] {
    for (const std::size_t width : kWidths) {
      Embedded x(9, width, 3, 1);
      fill(x.view(), width, 20.0);
      const Matrix before = permuted(x.view(), {0, 1, 2, 3, 4, 5, 6, 7, 8});
      softmax_columns(x.view());
      EXPECT_TRUE(x.surroundings_intact());
      for (std::size_t j = 0; j < width; ++j) {
        double total = 0.0;
        for (std::size_t i = 0; i < 9; ++i) total += std::exp(double{before(i, j)});
        for (std::size_t i = 0; i < 9; ++i) {
          const double expected = std::exp(double{before(i, j)}) / total;
          // Rounding the exponent, which lies between -40 and 0, moves the result by 2e-6 of
          // itself.
          EXPECT_NEAR(x.view()(i, j), expected, 5e-6 * expected + 1e-25);
        }
      }
    }
  });
}

TEST(softmax_columns, far_below_the_largest_is_zero_and_never_denormal) {
  for_each_target([] {
    Matrix x(64, 17);
    for (std::size_t i = 0; i < 64; ++i) {
      for (std::size_t j = 0; j < 17; ++j) x(i, j) = 3.0F - 2.0F * static_cast<float>(i);
    }
    softmax_columns(x);
    for (std::size_t i = 0; i < 64; ++i) {
      const bool far = -2.0F * static_cast<float>(i) < kSoftmaxFloor;
      EXPECT_EQ(x(i, 16) == 0.0F, far) << i;
      EXPECT_TRUE(x(i, 0) == 0.0F || x(i, 0) >= std::numeric_limits<float>::min()) << i;
    }
  });
}

TEST(softmax_columns, columns_do_not_depend_on_their_neighbors) {
  for_each_target([] {
    const Matrix x = random_matrix(20, 37, 1, 5.0);
    Matrix whole = clone(x);
    softmax_columns(whole);
    Matrix parts = clone(x);
    for (std::size_t j = 0; j < 37; ++j) softmax_columns(parts.view().cols_range(j, 1));
    EXPECT_TRUE(same_bytes(parts, whole));
  });
}

}  // namespace
}  // namespace ptattn::test
