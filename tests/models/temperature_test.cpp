#include "ptattn/models/temperature.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include <gtest/gtest.h>

#include "ptattn/core/error.hpp"
#include "ptattn/models/reliability.hpp"

namespace ptattn::test {
namespace {

TEST(temperature, takes_the_root_of_probabilities) {
  std::array<double, 3> p{0.64, 0.36, 0.0};
  Temperature({2.0}).apply(p, 0);
  EXPECT_NEAR(p[0], 0.8 / 1.4, 1e-12);
  EXPECT_NEAR(p[1], 0.6 / 1.4, 1e-12);
  EXPECT_EQ(p[2], 0.0);
}

TEST(temperature, is_that_of_the_scores) {
  const std::array<double, 3> scores{1.0, 2.5, -0.5};
  const auto softmax = [&](double temperature) {
    std::array<double, 3> p{};
    for (std::size_t c = 0; c < 3; ++c) p[c] = std::exp(scores[c] / temperature);
    const double sum = std::accumulate(p.begin(), p.end(), 0.0);
    for (double& x : p) x /= sum;
    return p;
  };
  std::array<double, 3> p = softmax(1.0);
  Temperature({0.7}).apply(p, 1);
  for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(p[c], softmax(0.7)[c], 1e-12);
}

TEST(temperature, of_the_likeliest_class_decides) {
  const Temperature temperature({1.0, 2.0});
  std::array<float, 2> first{0.7F, 0.3F};
  std::array<float, 2> second{0.3F, 0.7F};
  temperature.apply(first, 0);
  temperature.apply(second, 1);
  EXPECT_EQ(first[0], 0.7F);
  EXPECT_LT(second[1], 0.65F);
}

TEST(temperature, never_changes_which_class_is_likeliest) {
  for (const double t : {0.05, 0.9999, 1.0001, 50.0}) {
    const float next = std::nextafter(0.5F, 1.0F);
    std::array<float, 3> p{0.5F, next, 1e-38F};
    Temperature({t}).apply(p, 1);
    EXPECT_GE(p[1], p[0]) << t;
    EXPECT_NEAR(p[0] + p[1] + p[2], 1.0F, 1e-6F);
  }
}

TEST(temperature, of_one_changes_no_bit) {
  EXPECT_TRUE(Temperature().is_one());
  EXPECT_TRUE(Temperature({1.0, 1.0}).is_one());
  std::array<float, 2> p{0.9F, 0.1F};
  Temperature({1.0}).apply(p, 0);
  EXPECT_EQ(p[0], 0.9F);
}

TEST(temperature, refuses_what_is_not_positive) {
  EXPECT_THROW(Temperature({0.0}), Error);
  EXPECT_THROW(Temperature({1.0, std::numeric_limits<double>::infinity()}), Error);
}

TEST(reliability, knows_the_classes_that_were_not_found) {
  const Reliability reliability{.temperature = {}, .unproven = {1, 3}, .usual = {}};
  EXPECT_TRUE(reliability.proves(0));
  EXPECT_FALSE(reliability.proves(3));
}

}  // namespace
}  // namespace ptattn::test
