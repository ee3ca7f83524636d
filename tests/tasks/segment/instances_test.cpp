#include "ptattn/tasks/segment/instances.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"

namespace ptattn::test {
namespace {

/// Adds a flat roof of four points per square metre; returns the row of its first point.
std::size_t add_roof(std::vector<Position>& points, double x, double y, double side) {
  const std::size_t first = points.size();
  for (double dx = 0.25; dx < side; dx += 0.5) {
    for (double dy = 0.25; dy < side; dy += 0.5) points.push_back({x + dx, y + dy, 8.0});
  }
  return first;
}

TEST(connected_instances, number_houses_that_stand_apart) {
  std::vector<Position> points;
  const std::size_t east = add_roof(points, 100.0, 0.0, 10.0);
  const std::size_t west = add_roof(points, 0.0, 0.0, 10.0);
  const std::size_t wing = add_roof(points, 10.0, 4.0, 6.0);  // touches the western one
  const std::size_t hut = add_roof(points, 50.0, 50.0, 1.0);
  const auto numbers = connected_instances(points);
  EXPECT_EQ(numbers[west], 1U);  // by place, not by order
  EXPECT_EQ(numbers[wing], 1U);
  EXPECT_EQ(numbers[east], 2U);
  EXPECT_EQ(numbers[hut], 0U);
  EXPECT_EQ(std::set(numbers.begin(), numbers.end()).size(), 3U);
}

TEST(connected_instances, follow_the_spacing_of_sparse_surveys) {
  std::vector<Position> points;
  for (int i = 0; i < 10; ++i) {
    for (int j = 0; j < 10; ++j) points.push_back({3.0 * i, 3.0 * j, 8.0});
  }
  const auto numbers = connected_instances(points);
  EXPECT_EQ(std::ranges::min(numbers), 1U);
  EXPECT_EQ(std::ranges::max(numbers), 1U);
}

TEST(instances, of_nothing_are_none) {
  EXPECT_TRUE(connected_instances({}).empty());
  EXPECT_TRUE(crown_instances({}).empty());
}

/// A cone of points under a top of `height`.
void add_tree(std::vector<Position>& points, double x, double y, double height, Random& random) {
  constexpr double kRadius = 3.0;
  for (int i = 0; i < 600; ++i) {
    const double angle = 6.283185307 * random.uniform();
    const double r = kRadius * std::sqrt(random.uniform());
    points.push_back({x + r * std::cos(angle), y + r * std::sin(angle),
                      height * (1.0 - 0.6 * r / kRadius) * (0.9 + 0.1 * random.uniform())});
  }
}

TEST(crown_instances, find_trees_that_touch) {
  std::vector<Position> points;
  Random random(7);
  const std::vector<std::array<double, 2>> stems{
      {0.0, 0.0}, {5.5, 0.0}, {11.0, 0.5}, {0.0, 6.0}, {30.0, 30.0}};
  for (std::size_t t = 0; t < stems.size(); ++t) {
    add_tree(points, stems[t][0], stems[t][1], 10.0 + static_cast<double>(t), random);
  }
  const auto numbers = crown_instances(points);
  EXPECT_EQ(std::ranges::max(numbers), stems.size());
  for (std::size_t t = 0; t < stems.size(); ++t) {
    // Most points of a tree have the number of the point nearest to its stem.
    std::vector<std::size_t> votes(stems.size() + 1, 0);
    for (std::size_t i = 600 * t; i < 600 * (t + 1); ++i) ++votes[numbers[i]];
    EXPECT_GT(std::ranges::max(votes), 450U) << t;
  }
}

TEST(crown_instances, leave_shrubs_out) {
  std::vector<Position> points;
  for (int i = 0; i < 400; ++i) {
    points.push_back({0.2 * (i % 20), 0.2 * (i / 20), 0.5 + 0.001 * i});
  }
  EXPECT_EQ(std::ranges::max(crown_instances(points)), 0U);
}

TEST(instances, are_the_same_for_any_thread_count) {
  std::vector<Position> points;
  Random random(3);
  for (int t = 0; t < 40; ++t) {
    add_tree(points, 80.0 * random.uniform(), 80.0 * random.uniform(), 6.0 + 8.0 * random.uniform(),
             random);
  }
  std::vector<std::vector<std::uint32_t>> crowns;
  std::vector<std::vector<std::uint32_t>> things;
  for (const int threads : {1, 8}) {
    const ThreadLimit limit(threads);
    crowns.push_back(crown_instances(points));
    things.push_back(connected_instances(points));
  }
  EXPECT_EQ(crowns[0], crowns[1]);
  EXPECT_EQ(things[0], things[1]);
}

}  // namespace
}  // namespace ptattn::test
