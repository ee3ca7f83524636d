#include "ptattn/cloud/nearest_value.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace ptattn::test {
namespace {

TEST(nearest_value, integers_are_rounded_halves_to_even) {
  EXPECT_EQ(nearest_value<std::int32_t>(2.4), 2);
  EXPECT_EQ(nearest_value<std::int32_t>(2.5), 2);
  EXPECT_EQ(nearest_value<std::int32_t>(3.5), 4);
  EXPECT_EQ(nearest_value<std::int32_t>(-2.6), -3);
}

TEST(nearest_value, integers_end_at_their_limits) {
  EXPECT_EQ(nearest_value<std::uint8_t>(-0.2), 0);
  EXPECT_EQ(nearest_value<std::uint8_t>(-7.0), 0);
  EXPECT_EQ(nearest_value<std::uint8_t>(255.4), 255);
  EXPECT_EQ(nearest_value<std::uint8_t>(1e300), 255);
  EXPECT_EQ(nearest_value<std::int8_t>(-1e300), -128);
  EXPECT_EQ(nearest_value<std::int64_t>(9.3e18), INT64_MAX);
  EXPECT_EQ(nearest_value<std::uint64_t>(1.9e19), UINT64_MAX);
}

TEST(nearest_value, floats_stay_what_they_are) {
  EXPECT_EQ(nearest_value<double>(0.1), 0.1);
  EXPECT_EQ(nearest_value<float>(0.1), 0.1F);
}

}  // namespace
}  // namespace ptattn::test
