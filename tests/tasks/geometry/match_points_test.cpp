#include "ptattn/tasks/geometry/match_points.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "ptattn/core/error.hpp"

namespace ptattn::test {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// 10 x 10 points a metre apart, in a place with large coordinates.
std::vector<Position> field() {
  std::vector<Position> points;
  for (int i = 0; i < 100; ++i) points.push_back({7e5 + i % 10, 6e6 + i / 10, 0.01 * i});
  return points;
}

std::vector<Position> moved(std::vector<Position> points, const Position& by) {
  for (Position& p : points) {
    for (std::size_t axis = 0; axis < 3; ++axis) p[axis] += by[axis];
  }
  return points;
}

TEST(match_points, the_same_order_needs_no_table) {
  const auto match = match_points(field(), moved(field(), {0.01, 0.0, -0.01}), 0.1);
  ASSERT_TRUE(match);
  EXPECT_THAT(match->partner, IsEmpty());
  EXPECT_THAT(match->offset, Each(0.0));
  EXPECT_FALSE(match->moved);
}

TEST(match_points, another_order_is_found_by_coordinates) {
  const std::vector<Position> a = field();
  std::vector<std::size_t> order(a.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::reverse(order);
  std::swap(order[3], order[70]);
  std::vector<Position> b;
  for (const std::size_t i : order) b.push_back({a[i][0] + 0.02, a[i][1], a[i][2]});
  const auto match = match_points(a, b, 0.1);
  ASSERT_TRUE(match);
  ASSERT_EQ(match->partner.size(), a.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_EQ(order[match->partner[i]], i);
}

TEST(match_points, an_offset_between_the_files_is_told) {
  std::vector<Position> b = moved(field(), {-7e5, -6e6, 0.0});
  std::ranges::reverse(b);
  const auto match = match_points(field(), b, 0.1);
  ASSERT_TRUE(match);
  EXPECT_THAT(match->offset, ElementsAre(7e5, 6e6, 0.0));
  EXPECT_EQ(match->partner[0], 99U);
}

TEST(match_points, points_that_coincide_are_paired_in_their_order) {
  const std::vector<Position> a{{0, 0, 0}, {1, 0, 0}, {1, 0, 0}, {9, 9, 9}, {kNan, 0, 0}};
  const std::vector<Position> b{{9, 9, 9}, {kNan, 1, 1}, {1, 0, 0}, {0, 0, 0}, {1, 0, 0}};
  const auto match = match_points(a, b, 0.1);
  ASSERT_TRUE(match);
  EXPECT_THAT(match->partner, ElementsAre(3, 2, 4, 0, 1));
}

TEST(match_points, other_points_are_no_match) {
  std::vector<Position> b = field();
  std::ranges::reverse(b);
  b[50][0] += 0.4;  // inside the box
  EXPECT_FALSE(match_points(field(), b, 0.1));
  b = field();
  std::ranges::reverse(b);
  b[50] = b[51];  // two for one, and none for another
  EXPECT_FALSE(match_points(field(), b, 0.1));
  b = field();
  b[50][0] = kNan;
  EXPECT_FALSE(match_points(field(), b, 0.1));
}

TEST(match_points, smoothed_points_keep_their_order) {
  std::vector<Position> b = field();
  for (std::size_t i = 0; i < b.size(); ++i) b[i][i % 3] += 0.4 * std::sin(static_cast<double>(i));
  const auto match = match_points(field(), b, 0.01);
  ASSERT_TRUE(match);
  EXPECT_TRUE(match->moved);
  EXPECT_THAT(match->partner, IsEmpty());
}

TEST(match_points, the_tolerance_is_a_quarter_of_the_spacing_or_two_steps) {
  EXPECT_NEAR(match_tolerance(field(), 0.01), 0.25, 1e-3);
  EXPECT_EQ(match_tolerance(field(), 0.5), 1.0);
}

TEST(match_points, other_numbers_of_points_are_refused) {
  EXPECT_THROW((void)match_points(field(), std::vector<Position>{{0, 0, 0}}, 0.1), Error);
}

}  // namespace
}  // namespace ptattn::test
