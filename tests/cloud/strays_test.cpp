#include "ptattn/cloud/strays.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"

namespace ptattn::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// `n` points of a unit ball.
std::vector<Position> ball(std::size_t n, double x = 0.0) {
  Random random(7);
  std::vector<Position> points;
  while (points.size() < n) {
    const Position p{2.0 * random.uniform() - 1.0, 2.0 * random.uniform() - 1.0,
                     2.0 * random.uniform() - 1.0};
    if (std::hypot(p[0], p[1], p[2]) <= 1.0) points.push_back({p[0] + x, p[1], p[2]});
  }
  return points;
}

/// `n` points of a hilly square of 100 m.
std::vector<Position> land(std::size_t n) {
  Random random(8);
  std::vector<Position> points;
  for (std::size_t i = 0; i < n; ++i) {
    const double x = 100.0 * random.uniform();
    const double y = 100.0 * random.uniform();
    points.push_back({x, y, 5.0 * std::sin(x / 20.0) + 10.0 * random.uniform()});
  }
  return points;
}

TEST(strays, a_far_point_is_found_and_the_last_one_of_an_object_is_not) {
  std::vector<Position> points = ball(1000);
  EXPECT_THAT(find_strays(points, Subject::kObject).rows, IsEmpty());
  points[17] = {0.0, 1.5, 0.0};  // beyond the surface, no gap of twice the radius
  EXPECT_THAT(find_strays(points, Subject::kObject).rows, IsEmpty());
  points[17] = {0.0, 3.0, 0.0};
  EXPECT_THAT(find_strays(points, Subject::kObject).rows, ElementsAre(17));
  points[3] = {1e6, 0.0, 0.0};
  const Strays both = find_strays(points, Subject::kObject);
  EXPECT_THAT(both.rows, ElementsAre(3, 17));
  EXPECT_EQ(both.far, 2U);
}

TEST(strays, small_clusters_are_found_and_a_second_object_is_not) {
  std::vector<Position> points = ball(1000, 5.0);
  for (std::size_t i = 0; i < 10; ++i) points[i * 7][0] += 50.0;
  EXPECT_EQ(find_strays(points, Subject::kObject).far, 10U);
  for (std::size_t i = 10; i < 30; ++i) points[i * 7][0] += 50.0;
  EXPECT_THAT(find_strays(points, Subject::kObject).rows, IsEmpty());  // 3 % are no stray points
}

TEST(strays, of_scenes_lie_far_below_above_or_beside) {
  std::vector<Position> points = land(2000);
  points[5][2] = -60.0;  // a pit or a tower: real
  points[6][2] = 80.0;
  points[7][0] = 400.0;
  EXPECT_THAT(find_strays(points, Subject::kScene).rows, IsEmpty());
  points[5][2] = -500.0;
  points[6][2] = 1500.0;
  points[7][0] = 1e6;
  EXPECT_THAT(find_strays(points, Subject::kScene).rows, ElementsAre(5, 6, 7));
}

TEST(strays, zeros_are_found_where_nothing_else_is) {
  std::vector<Position> points = ball(1000, 3.0);
  for (std::size_t i = 0; i < 400; ++i) points[i * 2] = {0.0, 0.0, 0.0};
  const Strays found = find_strays(points, Subject::kObject);
  EXPECT_EQ(found.zeros, 400U);
  EXPECT_EQ(found.far, 0U);
  points = ball(1000);  // around the origin, two points there are points
  points[1] = points[2] = {0.0, 0.0, 0.0};
  EXPECT_THAT(find_strays(points, Subject::kObject).rows, IsEmpty());
}

TEST(strays, few_points_have_none) {
  std::vector<Position> points = ball(19);
  points[0][0] = 1e6;
  EXPECT_THAT(find_strays(points, Subject::kObject).rows, IsEmpty());
}

TEST(strays, are_dropped_and_counted) {
  std::vector<Position> points = ball(1000);
  points[2][0] = points[9][0] = 100.0;
  const Strays found = find_strays(points, Subject::kObject);
  std::vector<int> items(1000);
  for (int i = 0; i < 1000; ++i) items[static_cast<std::size_t>(i)] = i;
  drop_strays(items, found);
  EXPECT_EQ(items.size(), 998U);
  EXPECT_EQ(items[2], 3);
  EXPECT_EQ(items[8], 10);
  EXPECT_EQ(stray_note(found, 1000), "2 of 1000 points lie far from all others and are left out");
  EXPECT_EQ(stray_note({.rows = {1}, .far = 1}, 5, "stays as it is"),
            "1 of 5 points lies far from all others and stays as it is");
  EXPECT_EQ(stray_note({}, 5), "");
}

TEST(strays, are_the_same_for_any_number_of_threads) {
  std::vector<Position> points = land(100'000);
  for (std::size_t i = 0; i < 50; ++i) points[i * 999][2] = 1e4 + static_cast<double>(i);
  const auto with = [&](int threads) {
    const ThreadLimit limit(threads);
    return find_strays(points, Subject::kScene).rows;
  };
  EXPECT_EQ(with(1).size(), 50U);
  EXPECT_EQ(with(1), with(8));
}

}  // namespace
}  // namespace ptattn::test
