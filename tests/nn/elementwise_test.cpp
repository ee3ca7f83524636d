#include "ptattn/nn/kernels/elementwise.hpp"
#include "ptattn/core/clone.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "each_target.hpp"
#include "matrices.hpp"
#include "ptattn/nn/kernels/softmax.hpp"

namespace ptattn::test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// `count` values from `low` to `high`, both included.
Matrix ramp(double low, double high, std::size_t count) {
  Matrix x(1, count);
  for (std::size_t i = 0; i < count; ++i) {
    const double part = static_cast<double>(i) / static_cast<double>(count - 1);
    x(0, i) = static_cast<float>(low + (high - low) * part);
  }
  return x;
}

Matrix row(std::initializer_list<float> values) {
  Matrix x(1, values.size());
  std::copy(values.begin(), values.end(), x.data());
  return x;
}

TEST(gelu, known_values) {
  for_each_target([] {
    Matrix x = row({0.0F, 1.0F, -1.0F, 0.5F, 30.0F, -30.0F, kInfinity});
    activate(Activation::kGelu, x);
    EXPECT_EQ(x(0, 0), 0.0F);
    EXPECT_NEAR(x(0, 1), 0.8413447461, 1e-7);   // Phi(1)
    EXPECT_NEAR(x(0, 2), -0.1586552539, 1e-7);  // -Phi(-1)
    EXPECT_NEAR(x(0, 3), 0.3457312306, 1e-7);   // 0.5 Phi(0.5)
    EXPECT_EQ(x(0, 4), 30.0F);
    EXPECT_NEAR(x(0, 5), 0.0, 1e-16);
    EXPECT_EQ(x(0, 6), kInfinity);
  });
}

TEST(gelu, equals_the_error_function_on_every_cpu_level) {
  for_each_target([] {
    const Matrix x = ramp(-12.0, 12.0, 300007);
    Matrix y = clone(x);
    activate(Activation::kGelu, y);
    double largest = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double v = x(0, i);
      const double expected = 0.5 * v * (1.0 + std::erf(v * std::sqrt(0.5)));
      largest = std::max(largest, std::abs(y(0, i) - expected) / (1.0 + std::abs(v)));
    }
    EXPECT_LT(largest, 1e-7);
  });
}

TEST(activate, every_function_and_width_leaves_its_surroundings_alone) {
  for_each_target([] {
    for (const auto activation : {Activation::kNone, Activation::kRelu, Activation::kLeakyRelu}) {
      for (const std::size_t width : {1, 7, 16, 33}) {
        Embedded x(3, width, 2, 1);
        fill(x.view(), width);
        const Matrix before = permuted(x.view(), {0, 1, 2});
        activate(activation, x.view());
        EXPECT_TRUE(x.surroundings_intact());
        const float slope = activation == Activation::kNone   ? 1.0F
                            : activation == Activation::kRelu ? 0.0F
                                                              : kLeakyReluSlope;
        for (std::size_t i = 0; i < 3; ++i) {
          for (std::size_t j = 0; j < width; ++j) {
            const float v = before(i, j);
            EXPECT_EQ(x.view()(i, j), v > 0.0F ? v : slope * v);
          }
        }
      }
    }
  });
}

TEST(activate, a_value_does_not_depend_on_where_it_stands) {
  for_each_target([] {
    const Matrix x = ramp(-5.0, 5.0, 45);
    Matrix together = clone(x);
    activate(Activation::kGelu, together);
    Matrix alone = clone(x);
    for (std::size_t j = 0; j < 45; ++j) {
      activate(Activation::kGelu, alone.view().cols_range(j, 1));
    }
    EXPECT_TRUE(same_bytes(alone, together));
  });
}

TEST(exp_nonpositive, is_within_two_ulp_on_every_cpu_level) {
  for_each_target([] {
    const Matrix x = ramp(kSoftmaxFloor, 0.0, 300007);
    Matrix y = clone(x);
    exp_nonpositive(y);
    double largest = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double expected = std::exp(double{x(0, i)});
      const double ulp = std::nextafter(static_cast<float>(expected), 2.0F) - expected;
      largest = std::max(largest, std::abs(y(0, i) - expected) / std::max(ulp, expected * 0x1p-24));
    }
    EXPECT_LT(largest, 2.0);
  });
}

TEST(exp_nonpositive, is_exact_at_zero_and_floored_far_below) {
  for_each_target([] {
    Matrix x = row({0.0F, -0.0F, kSoftmaxFloor, -60.001F, -1e30F, -kInfinity,
                    std::numeric_limits<float>::quiet_NaN()});
    exp_nonpositive(x);
    EXPECT_EQ(x(0, 0), 1.0F);
    EXPECT_EQ(x(0, 1), 1.0F);
    EXPECT_GT(x(0, 2), 8e-27F);
    for (std::size_t j = 3; j < 7; ++j) EXPECT_EQ(x(0, j), 0.0F) << j;
  });
}

}  // namespace
}  // namespace ptattn::test
