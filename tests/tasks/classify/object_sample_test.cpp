#include "ptattn/tasks/classify/object_sample.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "ptattn/cloud/orientation.hpp"
#include "ptattn/core/error.hpp"
#include "test_clouds.hpp"

namespace ptattn::test {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::string refusal(const std::vector<Position>& points) {
  try {
    (void)usable_positions(cloud_of(points), ObjectProfile{});
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kInput);
    return error.what();
  }
  return "accepted";
}

std::vector<float> values(const Matrix& m) {
  return {m.values().begin(), m.values().end()};
}

float largest_difference(const Matrix& a, const Matrix& b) {
  float largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(a.values()[i] - b.values()[i]));
  }
  return largest;
}

TEST(usable_positions, too_few_are_refused) {
  EXPECT_EQ(refusal(lopsided_points(3)), "cloud: has 3 points, at least 128 are needed");
  EXPECT_EQ(refusal({}), "cloud: has 0 points, at least 128 are needed");
  EXPECT_EQ(refusal(lopsided_points(127)), "cloud: has 127 points, at least 128 are needed");
  EXPECT_EQ(refusal(lopsided_points(128)), "accepted");
}

TEST(usable_positions, only_finite_points_count) {
  std::vector<Position> points = lopsided_points(130);
  points[0][1] = kNan;
  points[60][0] = std::numeric_limits<double>::infinity();
  EXPECT_EQ(usable_positions(cloud_of(points), ObjectProfile{}).size(), 128U);
  points[129][2] = kNan;
  EXPECT_EQ(refusal(points),
            "cloud: has 127 points with finite coordinates, at least 128 are needed");
}

TEST(usable_positions, one_place_is_refused) {
  EXPECT_EQ(refusal(std::vector<Position>(500, {1e6, 2, 3})),
            "cloud: all points coincide, a cloud with an extent is needed");
}

TEST(prepare, any_number_of_points_becomes_the_models) {
  for (const std::size_t n : {128U, 200U, 1023U, 1024U, 1025U, 5000U}) {
    const Matrix sample = prepare(lopsided_points(n), ObjectProfile{}, 0, 1);
    ASSERT_EQ(sample.rows(), 1024U);
    ASSERT_EQ(sample.cols(), 3U);
    double farthest = 0;
    double sum[3] = {};
    for (std::size_t i = 0; i < sample.rows(); ++i) {
      const float* p = sample.row(i);
      farthest = std::max(farthest, static_cast<double>(std::hypot(p[0], p[1], p[2])));
      for (int axis = 0; axis < 3; ++axis) sum[axis] += p[axis];
    }
    EXPECT_NEAR(farthest, 1.0, 1e-6) << n;
    for (const double s : sum) EXPECT_NEAR(s / 1024, 0.0, 1e-6) << n;
  }
}

TEST(prepare, fewer_points_are_repeated_in_turn) {
  const Matrix sample = prepare(lopsided_points(200), ObjectProfile{}, 0, 1);
  for (std::size_t i = 200; i < 1024; ++i) {
    ASSERT_TRUE(std::equal(sample.row(i), sample.row(i) + 3, sample.row(i % 200))) << i;
  }
}

TEST(prepare, more_points_are_spread) {
  std::vector<Position> points = lopsided_points(2000);
  // A dense clump that a random choice would take three quarters of its points from.
  for (int i = 0; i < 6000; ++i) points.push_back({0.0001 * (i % 70), 0.0001 * (i / 70.0), 0.0});
  const Matrix sample = prepare(points, ObjectProfile{}, 0, 1);
  std::set<std::vector<long>> cells;
  for (std::size_t i = 0; i < sample.rows(); ++i) {
    const float* p = sample.row(i);
    cells.insert({std::lround(p[0] * 20), std::lround(p[1] * 20), std::lround(p[2] * 20)});
  }
  EXPECT_GT(cells.size(), 500U);
}

TEST(prepare, unit_and_offset_do_not_matter) {
  const std::vector<Position> points = lopsided_points(3000);
  std::vector<Position> elsewhere = points;
  for (Position& p : elsewhere) {
    p = {1000.0 * p[0] + 6.5e8, 1000.0 * p[1] - 2e6, 1000.0 * p[2] + 1e6};
  }
  const Matrix a = prepare(points, ObjectProfile{}, 0, 1);
  const Matrix b = prepare(elsewhere, ObjectProfile{}, 0, 1);
  EXPECT_LT(largest_difference(a, b), 1e-6F);
}

TEST(prepare, upright_is_undone_exactly) {
  const std::vector<Position> points = lopsided_points(3000);
  std::vector<Position> y_up = points;
  for (Position& p : y_up) p = {p[0], p[2], -p[1]};
  for (Position& p : y_up) p = upright(p, Axis::kY);
  EXPECT_EQ(values(prepare(points, ObjectProfile{}, 0, 1)),
            values(prepare(y_up, ObjectProfile{}, 0, 1)));
}

TEST(prepare, gives_the_model_its_up_axis) {
  const std::vector<Position> points = lopsided_points(300);
  ObjectProfile profile;
  const Matrix z_up = prepare(points, profile, 0, 1);
  profile.up = Axis::kY;
  const Matrix y_up = prepare(points, profile, 0, 1);
  for (std::size_t i = 0; i < z_up.rows(); ++i) {
    ASSERT_EQ(y_up(i, 0), z_up(i, 0));
    ASSERT_EQ(y_up(i, 1), z_up(i, 2));
    ASSERT_EQ(y_up(i, 2), -z_up(i, 1));
  }
}

TEST(prepare, votes_differ_and_are_reproducible) {
  for (const std::size_t n : {200U, 1024U, 3000U}) {
    const std::vector<Position> points = lopsided_points(n);
    ObjectProfile profile;
    profile.vote_rotation_z_degrees = 0;  // only the resampling differs
    const auto first = values(prepare(points, profile, 0, 3));
    const auto second = values(prepare(points, profile, 1, 3));
    EXPECT_NE(first, second) << n;
    EXPECT_EQ(second, values(prepare(points, profile, 1, 3))) << n;
    EXPECT_EQ(first, values(prepare(points, profile, 0, 1))) << n;
  }
}

TEST(prepare, votes_turn_about_the_vertical) {
  const std::vector<Position> points = lopsided_points(1024);
  ObjectProfile profile;
  const Matrix turned = prepare(points, profile, 1, 4);
  profile.vote_rotation_z_degrees = 0;
  const Matrix still = prepare(points, profile, 1, 4);
  for (std::size_t i = 0; i < turned.rows(); ++i) {
    ASSERT_NEAR(turned(i, 0), -still(i, 1), 1e-6);
    ASSERT_NEAR(turned(i, 1), still(i, 0), 1e-6);
    ASSERT_EQ(turned(i, 2), still(i, 2));
  }
}

TEST(prepare, tells_where_all_points_went) {
  ObjectProfile profile;
  profile.up = Axis::kY;
  for (const std::size_t n : {200U, 3000U}) {
    const std::vector<Position> points = lopsided_points(n);
    const PreparedSample prepared = prepare_sample(points, profile, 1, 4);
    EXPECT_EQ(values(prepared.points), values(prepare(points, profile, 1, 4)));
    ASSERT_EQ(prepared.chosen.size(), prepared.points.rows());
    const Matrix framed = to_network(points, prepared.transform);
    ASSERT_EQ(framed.rows(), n);
    for (std::size_t i = 0; i < prepared.points.rows(); ++i) {
      const float* p = prepared.points.row(i);
      ASSERT_TRUE(std::equal(p, p + 3, framed.row(prepared.chosen[i]))) << i;
    }
  }
}

}  // namespace
}  // namespace ptattn::test
