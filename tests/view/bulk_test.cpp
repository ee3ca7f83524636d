// Where nearly all points lie, and which are far away from them.

#include "ptattn/view/bulk.hpp"

#include <gmock/gmock.h>

#include <vector>

#include "ptattn/core/random.hpp"

namespace ptattn::test {
namespace {

using namespace view;
using testing::ElementsAre;

/// Points of a box that is 50 wide, 40 deep and 12 high, far from the origin.
std::vector<Position> town(std::size_t n) {
  Random random(5);
  std::vector<Position> points(n);
  for (Position& p : points) {
    p = {770'000.0 + 50.0 * random.uniform(), 6'277'000.0 + 40.0 * random.uniform(),
         12.0 * random.uniform()};
  }
  return points;
}

TEST(bulk, one_point_far_away_is_a_stray) {
  std::vector<Position> points = town(399);
  const PositionBounds without = bounds_of(points);
  points.insert(points.begin() + 100, {0.0, 0.0, 0.0});
  const Bulk bulk = bulk_of(points);
  EXPECT_EQ(bulk.stray, 1U);
  EXPECT_EQ(bulk.box.low, without.low);
  EXPECT_EQ(bulk.box.high, without.high);
}

TEST(bulk, half_a_percent_on_both_sides_are_strays) {
  std::vector<Position> points = town(2000);
  for (std::size_t i = 0; i < 10; ++i) {
    points[i * 100][2] = 500.0;
    points[i * 100 + 50][0] -= 1e6;
  }
  EXPECT_EQ(bulk_of(points).stray, 20U);
}

TEST(bulk, a_chimney_and_an_even_cloud_have_none) {
  std::vector<Position> points = town(1000);
  EXPECT_EQ(bulk_of(points).stray, 0U);
  points[7][2] = 60.0;  // five times as high as all else, about as high as the town is wide
  const Bulk bulk = bulk_of(points);
  EXPECT_EQ(bulk.stray, 0U);
  EXPECT_EQ(bulk.box.high[2], 60.0);
}

TEST(bulk, two_halves_far_from_each_other_are_no_strays) {
  std::vector<Position> points = town(1000);
  for (std::size_t i = 0; i < 500; ++i) points[i][0] += 1e5;
  EXPECT_EQ(bulk_of(points).stray, 0U);
}

TEST(bulk, few_points_and_points_at_one_place_have_none) {
  std::vector<Position> points = town(19);
  points[3] = {0.0, 0.0, 0.0};
  EXPECT_EQ(bulk_of(points).stray, 0U);
  std::vector<Position> same(100, Position{1.0, 2.0, 3.0});
  same[50] = {9.0, 2.0, 3.0};
  EXPECT_EQ(bulk_of(same).stray, 0U);
  EXPECT_THAT(bulk_of(same).box.high, ElementsAre(9.0, 2.0, 3.0));
  EXPECT_EQ(bulk_of({}).stray, 0U);
}

}  // namespace
}  // namespace ptattn::test
