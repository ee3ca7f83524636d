#include "ptattn/cloud/normalize.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"

namespace ptattn::test {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<Position> random_positions(std::size_t n, double offset) {
  Random random(3);
  std::vector<Position> positions(n);
  for (Position& p : positions) {
    for (double& v : p) v = offset + random.uniform();
  }
  return positions;
}

TEST(finite_points, leaves_out_na_n_infinity_and_what_overflows_when_squared) {
  const std::vector<Position> positions{{0, 0, 0}, {kNaN, 0, 0},  {0, -kInfinity, 0},
                                        {1, 2, 3}, {0, 0, 1e200}, {-1e150, 0, 0}};
  EXPECT_THAT(finite_points(positions), testing::ElementsAre(0, 3, 5));
  EXPECT_THAT(finite_points({}), testing::IsEmpty());
}

TEST(finite_points, are_kept) {
  RawVector<Position> positions{{1, 2, 3}, {kNaN, 0, 0}, {4, 5, 6}};
  EXPECT_THAT(keep_finite(positions), testing::ElementsAre(0, 2));
  EXPECT_THAT(positions, testing::ElementsAre(Position{1, 2, 3}, Position{4, 5, 6}));
  EXPECT_THAT(keep_finite(positions), testing::ElementsAre(0, 1));
  EXPECT_EQ(positions.size(), 2U);
}

TEST(unit_sphere, hand_computed) {
  // Mean (1, 1, 0); distances sqrt 2, sqrt 2, 2 (and back): the radius is 2.
  const std::vector<Position> positions{{0, 0, 0}, {2, 2, 0}, {1, 1, 2}, {1, 1, -2}};
  const UnitSphere frame = unit_sphere(positions);
  EXPECT_EQ(frame.center, (Position{1, 1, 0}));
  EXPECT_EQ(frame.radius, 2.0);
  const Matrix points = normalized(positions, frame);
  EXPECT_EQ(points(0, 0), -0.5F);
  EXPECT_EQ(points(1, 1), 0.5F);
  EXPECT_EQ(points(2, 2), 1.0F);
  EXPECT_EQ(points(3, 2), -1.0F);
}

TEST(unit_sphere, farthest_point_lands_on_the_sphere) {
  const auto positions = random_positions(70000, -0.5);
  const Matrix points = normalized(positions, unit_sphere(positions));
  double farthest = 0.0;
  for (std::size_t i = 0; i < points.rows(); ++i) {
    farthest = std::max(
        farthest, std::hypot(double{points(i, 0)}, double{points(i, 1)}, double{points(i, 2)}));
  }
  EXPECT_NEAR(farthest, 1.0, 1e-6);
}

TEST(unit_sphere, georeferenced_coordinates_lose_nothing) {
  // 0.25 more or less at 5 million metres is exact in float64, hopeless in float32.
  const std::vector<Position> positions{{5e6, 4e6, 300}, {5e6 + 0.25, 4e6, 300}};
  const Matrix points = normalized(positions, unit_sphere(positions));
  EXPECT_EQ(points(0, 0), -1.0F);
  EXPECT_EQ(points(1, 0), 1.0F);
}

TEST(unit_sphere, identical_points_map_to_zero) {
  const std::vector<Position> positions(999, Position{0.1, 1e7 / 3, -0.7});
  const UnitSphere frame = unit_sphere(positions);
  EXPECT_EQ(frame.center, positions[0]);
  EXPECT_EQ(frame.radius, 1.0);
  const Matrix points = normalized(positions, frame);
  EXPECT_THAT(points.values(), testing::Each(0.0F));
}

TEST(unit_sphere, extremes_stay_finite) {
  const std::vector<Position> positions{{1e150, -1e150, 1e150}, {-1e150, 1e150, -1e150}};
  const Matrix points = normalized(positions, unit_sphere(positions));
  for (const float v : points.values()) EXPECT_TRUE(std::isfinite(v));
}

TEST(unit_sphere, an_empty_cloud_is_refused) {
  EXPECT_THROW((void)unit_sphere({}), Error);
}

TEST(unit_sphere, same_bits_for_any_thread_count) {
  const auto positions = random_positions(200000, 1e6);
  const auto run = [&](int threads) {
    const ThreadLimit limit(threads);
    return normalized(positions, unit_sphere(positions));
  };
  const Matrix one = run(1);
  const Matrix eight = run(8);
  EXPECT_EQ(std::memcmp(one.data(), eight.data(), one.size() * sizeof(float)), 0);
}

}  // namespace
}  // namespace ptattn::test
