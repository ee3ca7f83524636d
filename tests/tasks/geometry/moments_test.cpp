#include "ptattn/tasks/geometry/moments.hpp"

#include <gtest/gtest.h>

namespace ptattn::test {
namespace {

TEST(moments, hand_computed) {
  Moments sums;
  sums.add(0.0, 0.0, 1.0);
  sums.add(2.0, 4.0, 1.0);
  EXPECT_EQ(sums.count(), 2.0);
  EXPECT_EQ(sums.mean(0), 1.0);
  EXPECT_EQ(sums.mean(1), 2.0);
  EXPECT_EQ(sums.mean(2), 1.0);
  EXPECT_EQ(sums.covariance(0, 0), 1.0);
  EXPECT_EQ(sums.covariance(0, 1), 2.0);
  EXPECT_EQ(sums.covariance(1, 1), 4.0);
  EXPECT_EQ(sums.covariance(1, 2), 0.0);
  EXPECT_EQ(sums.covariance(2, 2), 0.0);
}

TEST(moments, every_pair_of_axes_is_symmetric_and_has_its_own_sum) {
  Moments sums;
  sums.add(1.0, 2.0, 4.0, 0.5);
  sums.add(-1.0, 3.0, 8.0, 0.25);
  sums.add(5.0, -7.0, 11.0, 2.0);
  const double p[3][3] = {{1, 2, 4}, {-1, 3, 8}, {5, -7, 11}};
  const double w[3] = {0.5, 0.25, 2.0};
  for (std::size_t a = 0; a < 3; ++a) {
    for (std::size_t b = 0; b < 3; ++b) {
      double mean_a = 0.0;
      double mean_b = 0.0;
      double product = 0.0;
      for (std::size_t i = 0; i < 3; ++i) {
        mean_a += w[i] * p[i][a] / 2.75;
        mean_b += w[i] * p[i][b] / 2.75;
        product += w[i] * p[i][a] * p[i][b] / 2.75;
      }
      EXPECT_NEAR(sums.covariance(a, b), product - mean_a * mean_b, 1e-12) << a << b;
      EXPECT_EQ(sums.covariance(a, b), sums.covariance(b, a));
    }
  }
}

TEST(moments, a_weight_of_two_is_a_point_twice) {
  Moments twice;
  Moments weighted;
  for (int i = 0; i < 2; ++i) twice.add(1.0, 2.0, 3.0);
  weighted.add(1.0, 2.0, 3.0, 2.0);
  for (std::size_t t = 0; t < twice.size(); ++t) EXPECT_EQ(twice[t], weighted[t]);
}

}  // namespace
}  // namespace ptattn::test
