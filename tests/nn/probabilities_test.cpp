#include "ptattn/nn/probabilities.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "ptattn/core/error.hpp"

namespace ptattn::test {
namespace {

Matrix rows_of(std::vector<std::vector<float>> values) {
  Matrix m(values.size(), values.front().size());
  for (std::size_t i = 0; i < m.rows(); ++i) std::ranges::copy(values[i], m.row(i));
  return m;
}

TEST(class_probabilities, hand_computed) {
  const std::vector<float> scores{std::log(1.0F), std::log(2.0F), std::log(5.0F)};
  const std::vector<double> p = class_probabilities(scores, "net");
  EXPECT_NEAR(p[0], 0.125, 1e-7);
  EXPECT_NEAR(p[1], 0.25, 1e-7);
  EXPECT_NEAR(p[2], 0.625, 1e-7);
}

TEST(class_probabilities, large_scores_do_not_overflow) {
  const std::vector<float> scores{3e38F, 3e38F, -3e38F};
  EXPECT_EQ(class_probabilities(scores, "net"), (std::vector<double>{0.5, 0.5, 0.0}));
}

TEST(class_probabilities, weighted_sums_give_the_softmax_of_their_mean) {
  // Sums of weights 2 and 0.5 of the scores (0, log 3).
  Matrix sums = rows_of({{0.0F, 2.0F * std::log(3.0F)}, {0.0F, 0.5F * std::log(3.0F)}});
  class_probabilities(sums, std::vector<float>{2.0F, 0.5F}, "net");
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_NEAR(sums(i, 0), 0.25F, 1e-6F);
    EXPECT_NEAR(sums(i, 1), 0.75F, 1e-6F);
  }
}

TEST(class_probabilities, scores_that_are_not_finite_are_refused) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    Matrix scores = rows_of({{0.0F, 1.0F}, {bad, 0.0F}});
    try {
      class_probabilities(scores, {}, "net");
      FAIL() << bad;
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::kModel);
      EXPECT_STREQ(error.what(), "net: gives scores that are not finite");
    }
    EXPECT_THROW((void)class_probabilities(std::vector<float>{bad}, "net"), Error);
  }
}

}  // namespace
}  // namespace ptattn::test
