#include "ptattn/tasks/geometry/object_views.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

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

double dot(const Position& a, const Position& b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

TEST(view_rotation, is_a_rotation_and_none_for_the_first_view) {
  EXPECT_TRUE(view_rotation(0, 8).turns_nothing());
  for (std::size_t v = 1; v < 8; ++v) {
    const Rotation turn = view_rotation(v, 8);
    const Position x = turn({1, 0, 0});
    const Position y = turn({0, 1, 0});
    const Position z = turn({0, 0, 1});
    EXPECT_NEAR(dot(x, x), 1.0, 1e-12);
    EXPECT_NEAR(dot(x, y), 0.0, 1e-12);
    const Position cross{x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2],
                         x[0] * y[1] - x[1] * y[0]};
    EXPECT_NEAR(dot(cross, z), 1.0, 1e-12) << "no mirror image";
  }
}

/// The angle of a^-1 b, by the trace of its matrix.
double angle_between(const Rotation& a, const Rotation& b) {
  const std::vector<Position> axes{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
  double trace = 0.0;
  for (const Position& axis : axes) trace += dot(a(axis), b(axis));
  return std::acos(std::clamp((trace - 1.0) / 2.0, -1.0, 1.0)) * 180.0 / std::numbers::pi;
}

TEST(view_rotation, spreads_views_over_all_rotations) {
  for (const std::size_t views : {2U, 4U, 8U, 24U}) {
    double nearest = 180.0;
    double farthest_up = 1.0;
    for (std::size_t v = 0; v < views; ++v) {
      farthest_up = std::min(farthest_up, view_rotation(v, views)({0, 0, 1})[2]);
      for (std::size_t w = 0; w < v; ++w) {
        nearest =
            std::min(nearest, angle_between(view_rotation(v, views), view_rotation(w, views)));
      }
    }
    // For comparison: the 24 rotations of a cube are 90 degrees apart.
    EXPECT_GT(nearest, views == 24 ? 40.0 : 55.0) << views;
    EXPECT_LT(farthest_up, 0.3) << views << ": some views are far from upright";
  }
}

}  // namespace
}  // namespace ptattn::test
