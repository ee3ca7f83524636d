#include "ptattn/core/minimize.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace ptattn::test {
namespace {

TEST(minimize_over_log, finds_the_bottom_of_a_valley) {
  for (const double bottom : {1e-3, 0.02, 0.5, 7.0, 900.0}) {
    const Minimum found = minimize_over_log(1e-3, 1e3, [&](double x) {
      const double off = std::log(x / bottom);
      return 2.0 + off * off;
    });
    EXPECT_NEAR(std::log(found.at / bottom), 0.0, 1e-3) << bottom;
    EXPECT_NEAR(found.value, 2.0, 1e-6);
  }
}

TEST(minimize_over_log, takes_the_deeper_of_two_valleys) {
  const Minimum found = minimize_over_log(1e-2, 1e2, [](double x) {
    const double a = std::log10(x) + 1.0;
    const double b = std::log10(x) - 1.0;
    return std::min(a * a, b * b - 0.1);
  });
  EXPECT_NEAR(found.at, 10.0, 0.01);
}

TEST(minimize_over_log, a_flat_function_gives_the_smallest) {
  EXPECT_EQ(minimize_over_log(0.5, 8.0, [](double) { return 3.0; }).at, 0.5);
}

TEST(minimize_over_log, an_empty_range_is_a_point) {
  const Minimum found = minimize_over_log(2.0, 2.0, [](double x) { return x; });
  EXPECT_EQ(found.at, 2.0);
  EXPECT_EQ(found.value, 2.0);
}

TEST(minimize_over_log, stays_within_the_range_and_the_number_of_calls) {
  std::vector<double> seen;
  const auto record = [&](double x) {
    seen.push_back(x);
    return -x;
  };
  EXPECT_DOUBLE_EQ(minimize_over_log(0.1, 10.0, record, 5, 4).at, 10.0);
  EXPECT_EQ(seen.size(), 11U);
  for (const double x : seen) {
    EXPECT_GE(x, 0.1 * (1.0 - 1e-12));
    EXPECT_LE(x, 10.0 * (1.0 + 1e-12));
  }
}

}  // namespace
}  // namespace ptattn::test
