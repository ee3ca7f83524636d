#include "ptattn/tasks/geometry/scattered_points.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

#include "ptattn/core/random.hpp"

namespace ptattn::test {
namespace {

using testing::Each;
using testing::Ge;
using testing::IsEmpty;

constexpr std::size_t kPoints = 1000;

/// Points all over a sphere, each direction as often as any other.
std::vector<Position> sphere(std::size_t n, Random& random) {
  std::vector<Position> points(n);
  for (Position& p : points) {
    const double z = 2.0 * random.uniform() - 1.0;
    const double angle = 2.0 * std::numbers::pi * random.uniform();
    const double r = std::sqrt(1.0 - z * z);
    p = {r * std::cos(angle), r * std::sin(angle), z};
  }
  return points;
}

void scatter(std::size_t count, Random& random, std::vector<Position>& points) {
  for (std::size_t i = 0; i < count; ++i) {
    Position p;
    for (double& x : p) x = 3.0 * random.uniform() - 1.5;
    points.push_back(p);
  }
}

TEST(scattered_points, those_around_a_sphere_are_found_and_its_own_are_not) {
  for (const std::size_t count : {40U, 100U, 250U}) {
    Random random(count);
    std::vector<Position> points = sphere(kPoints, random);
    scatter(count, random, points);
    const std::vector<std::uint32_t> rows = scattered_points(points);
    EXPECT_GT(rows.size(), count * 3 / 4);
    EXPECT_TRUE(std::ranges::is_sorted(rows));
    const auto own = std::ranges::count_if(rows, [](std::uint32_t i) { return i < kPoints; });
    EXPECT_LT(own, 20);  // 1 % of a sphere lie twice as far apart as usual
  }
}

TEST(scattered_points, a_cloud_of_any_size_and_place_has_the_same_ones) {
  Random random(3);
  std::vector<Position> points = sphere(kPoints, random);
  scatter(100, random, points);
  const std::vector<std::uint32_t> rows = scattered_points(points);
  for (Position& p : points) p = {4096.0 * p[0] + 500'000.0, 4096.0 * p[1], 4096.0 * p[2]};
  EXPECT_EQ(scattered_points(points), rows);
}

TEST(scattered_points, large_clouds_are_searched_by_a_sample_and_found_whole) {
  Random random(5);
  std::vector<Position> points = sphere(20'000, random);
  scatter(1000, random, points);
  const std::vector<std::uint32_t> rows = scattered_points(points);
  EXPECT_GT(rows.size(), 850U);
  EXPECT_THAT(std::vector<std::uint32_t>(rows.end() - 800, rows.end()), Each(Ge(20'000U)));
}

TEST(scattered_points, very_large_clouds_are_looked_at_in_a_part_first) {
  Random random(6);
  std::vector<Position> points = sphere(100'000, random);
  EXPECT_THAT(scattered_points(points), IsEmpty());
  scatter(4000, random, points);
  const std::vector<std::uint32_t> rows = scattered_points(points);
  EXPECT_GT(rows.size(), 3500U);
  EXPECT_THAT(std::vector<std::uint32_t>(rows.end() - 3000, rows.end()), Each(Ge(100'000U)));
}

TEST(scattered_points, none_in_what_is_even_small_or_all_scattered) {
  Random random(4);
  EXPECT_THAT(scattered_points(sphere(kPoints, random)), IsEmpty());
  std::vector<Position> cube;
  scatter(kPoints, random, cube);
  EXPECT_THAT(scattered_points(cube), IsEmpty());
  std::vector<Position> few = sphere(50, random);
  scatter(5, random, few);
  EXPECT_THAT(scattered_points(few), IsEmpty());
  EXPECT_THAT(scattered_points(std::vector<Position>(kPoints, Position{1, 2, 3})), IsEmpty());
  EXPECT_THAT(scattered_points({}), IsEmpty());
}

}  // namespace
}  // namespace ptattn::test
