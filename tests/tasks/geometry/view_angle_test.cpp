#include "ptattn/tasks/geometry/view_angle.hpp"

#include <gtest/gtest.h>

namespace ptattn::test {
namespace {

TEST(view_angle, spreads_views_over_the_circle_or_to_both_sides) {
  EXPECT_EQ(view_angle(0, 1, 180), 0.0);
  EXPECT_EQ(view_angle(1, 4, 180), 90.0);
  EXPECT_EQ(view_angle(3, 4, 180), 270.0);
  EXPECT_EQ(view_angle(0, 5, 30), 0.0);
  EXPECT_EQ(view_angle(1, 5, 30), 15.0);
  EXPECT_EQ(view_angle(2, 5, 30), -15.0);
  EXPECT_EQ(view_angle(3, 5, 30), 30.0);
  EXPECT_EQ(view_angle(4, 5, 30), -30.0);
  EXPECT_EQ(view_angle(1, 2, 30), 30.0);
  EXPECT_EQ(view_angle(3, 9, 0), 0.0);
}

}  // namespace
}  // namespace ptattn::test
