#include "ptattn/tasks/features/geometry_features.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <numbers>

#include "ptattn/cloud/bounds.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "test_clouds.hpp"

namespace ptattn::test {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::SizeIs;

constexpr double kPi = std::numbers::pi;
using Named = std::map<std::string, double>;

/// The features of point `i` by their names without the scale, for a single scale.
Named features_of(const std::vector<Position>& points, const GeometryOptions& options,
                  std::size_t i = 0) {
  const auto names = geometry_feature_names(options);
  const Matrix features = geometry_features(points, options);
  EXPECT_EQ(features.rows(), points.size());
  EXPECT_EQ(features.cols(), names.size());
  Named named;
  for (std::size_t c = 0; c < names.size(); ++c) {
    named[names[c].substr(0, names[c].rfind('_'))] = features(i, c);
  }
  return named;
}

void expect_near(const Named& found, const Named& expected) {
  for (const auto& [name, value] : expected) EXPECT_NEAR(found.at(name), value, 1e-6) << name;
  EXPECT_EQ(found.size(), 13U);
}

TEST(geometry_features, of_a_line_by_hand) {
  // x = 0 ... 4: variance 2; the farthest from the end is 4 away.
  const std::vector<Position> line{{0, 0, 0}, {1, 0, 0}, {2, 0, 0}, {3, 0, 0}, {4, 0, 0}};
  const Named expected{{"linearity", 1},
                       {"planarity", 0},
                       {"sphericity", 0},
                       {"omnivariance", 0},
                       {"anisotropy", 1},
                       {"eigenentropy", 0},
                       {"eigen_sum", 2},
                       {"curvature", 0},
                       {"verticality", 0},
                       {"height_range", 0},
                       {"height_deviation", 0},
                       {"radius", 4},
                       {"density", 5 / (4.0 / 3.0 * kPi * 64)}};
  expect_near(features_of(line, {.neighbors = {5}}), expected);
  // A thin line on end: the heights change, and nothing else.
  Named standing = expected;
  standing["height_range"] = 4;
  standing["height_deviation"] = std::sqrt(2.0);
  expect_near(features_of(line, {.neighbors = {5}, .up = Axis::kX}), standing);
}

TEST(geometry_features, of_a_square_by_hand) {
  // Variances 1/4, 1/4, 0.
  const std::vector<Position> square{{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {1, 1, 0}};
  const double r = std::sqrt(2.0);
  Named expected{{"linearity", 0},
                 {"planarity", 1},
                 {"sphericity", 0},
                 {"omnivariance", 0},
                 {"anisotropy", 1},
                 {"eigenentropy", std::log(2.0)},
                 {"eigen_sum", 0.5},
                 {"curvature", 0},
                 {"verticality", 0},
                 {"height_range", 0},
                 {"height_deviation", 0},
                 {"radius", r},
                 {"density", 4 / (4.0 / 3.0 * kPi * r * r * r)}};
  expect_near(features_of(square, {.neighbors = {4}}), expected);
  expected["verticality"] = 1;
  expected["height_range"] = 1;
  expected["height_deviation"] = 0.5;
  expect_near(features_of(square, {.neighbors = {4}, .up = Axis::kY}), expected);
}

TEST(geometry_features, of_a_cube_corner_by_hand) {
  // Covariance 3/16 on the diagonal, -1/16 beside it: eigenvalues 4/16 twice and, along (1 1 1),
  // 1/16.
  const std::vector<Position> corner{{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
  const Named expected{
      {"linearity", 0},
      {"planarity", 0.75},
      {"sphericity", 0.25},
      {"omnivariance", std::cbrt(16.0 / 729.0)},
      {"anisotropy", 0.75},
      {"eigenentropy", -(8.0 / 9.0 * std::log(4.0 / 9.0) + std::log(1.0 / 9.0) / 9.0)},
      {"eigen_sum", 9.0 / 16.0},
      {"curvature", 1.0 / 9.0},
      {"verticality", 1.0 - 1.0 / std::sqrt(3.0)},
      {"height_range", 1},
      {"height_deviation", std::sqrt(3.0) / 4.0},
      {"radius", 1},
      {"density", 3.0 / kPi}};
  expect_near(features_of(corner, {.neighbors = {4}}), expected);
  // The same from a radius that holds just them, far from the origin.
  std::vector<Position> moved = corner;
  moved.push_back({3, 0, 0});
  for (Position& p : moved) p = {p[0] + 5e6, p[1] + 6e6, p[2] - 300};
  expect_near(features_of(moved, {.neighbors = {}, .radii = {1.25}}), expected);
}

TEST(geometry_features, names_tell_the_scale) {
  const auto names = geometry_feature_names({.neighbors = {8, 16}, .radii = {0.5}});
  ASSERT_THAT(names, SizeIs(39));
  EXPECT_EQ(names[0], "linearity_k8");
  EXPECT_EQ(names[13], "linearity_k16");
  EXPECT_EQ(names[38], "density_r0.5");
}

TEST(geometry_features, scales_do_not_depend_on_their_order) {
  const auto points = lopsided_points(300);
  const GeometryOptions given{.neighbors = {20, 5, 10}, .radii = {0.4, 0.1}, .radius_limit = 12};
  const Matrix together = geometry_features(points, given);
  for (std::size_t scale = 0; scale < 5; ++scale) {
    GeometryOptions alone{.neighbors = {}, .radius_limit = 12};
    if (scale < 3) alone.neighbors = {given.neighbors[scale]};
    if (scale >= 3) alone.radii = {given.radii[scale - 3]};
    const Matrix single = geometry_features(points, alone);
    for (std::size_t i = 0; i < points.size(); ++i) {
      const float* const expected = single.row(i);
      ASSERT_TRUE(std::equal(expected, expected + 13, together.row(i) + 13 * scale))
          << "scale " << scale << " of point " << i;
    }
  }
}

TEST(geometry_features, a_radius_sees_no_more_than_its_limit) {
  const auto points = lopsided_points(200);
  const Matrix limited =
      geometry_features(points, {.neighbors = {}, .radii = {100.0}, .radius_limit = 9});
  const Matrix nearest = geometry_features(points, {.neighbors = {9}});
  EXPECT_TRUE(std::ranges::equal(limited.values(), nearest.values()));
}

TEST(geometry_features, without_extent_everything_is_zero) {
  EXPECT_THAT(geometry_features({}, {}).values(), SizeIs(0));
  const std::vector<Position> one{{1, 2, 3}};
  EXPECT_THAT(geometry_features(one, {}).values(), Each(0.0F));
  const std::vector<Position> same(40, Position{5e6, 0.1, -3});
  EXPECT_THAT(geometry_features(same, {.radii = {1.0}}).values(), Each(0.0F));
  const std::vector<Position> apart{{0, 0, 0}, {10, 0, 0}};
  EXPECT_THAT(geometry_features(apart, {.neighbors = {1}, .radii = {1.0}}).values(), Each(0.0F));
}

TEST(geometry_features, two_points_and_extremes_stay_finite) {
  for (const double size : {1e-12, 1e-3, 1e9, 1e150}) {
    const std::vector<Position> points{{0, 0, 0}, {size, 0, 0}, {0, size, size}, {size, size, 0}};
    for (const std::size_t n : {2U, 3U, 4U}) {
      const Matrix features = geometry_features(std::span(points).first(n), {.radii = {size}});
      for (const float v : features.values()) EXPECT_TRUE(std::isfinite(v)) << size;
    }
  }
}

TEST(geometry_features, translation_changes_nothing_beyond_rounding) {
  const auto points = lopsided_points(500);
  auto moved = points;
  for (Position& p : moved) p = {p[0] + 4096.0, p[1] - 65536.0, p[2] + 1024.0};
  const Matrix here = geometry_features(points, {});
  const Matrix there = geometry_features(moved, {});
  for (std::size_t i = 0; i < here.size(); ++i) {
    const float expected = here.values()[i];
    ASSERT_NEAR(there.values()[i], expected, 1e-4F * (1.0F + std::abs(expected))) << i;
  }
}

TEST(geometry_features, same_bits_for_any_thread_count_and_progress_adds_up) {
  const auto points = lopsided_points(70000);
  std::size_t told = 0;
  const auto run = [&](int threads) {
    const ThreadLimit limit(threads);
    told = 0;
    return geometry_features(points, {.neighbors = {6, 12}},
                             [&](std::size_t done, std::size_t total) {
                               EXPECT_GT(done, told);
                               EXPECT_EQ(total, points.size());
                               told = done;
                             });
  };
  const Matrix one = run(1);
  const Matrix eight = run(8);
  EXPECT_EQ(std::memcmp(one.data(), eight.data(), one.size() * sizeof(float)), 0);
  EXPECT_EQ(told, points.size());
}

TEST(geometry_features, refuses_scales_that_are_none) {
  const auto points = lopsided_points(10);
  const double kNaN = std::numeric_limits<double>::quiet_NaN();
  for (const GeometryOptions& bad :
       {GeometryOptions{.neighbors = {}}, GeometryOptions{.neighbors = {4, 0}},
        GeometryOptions{.radii = {0.0}}, GeometryOptions{.radii = {-1.0}},
        GeometryOptions{.radii = {kNaN}}, GeometryOptions{.radii = {1.0}, .radius_limit = 0}}) {
    EXPECT_THROW((void)geometry_features(points, bad), Error);
  }
}

TEST(geometry_features, parts_give_the_bits_of_the_whole_to_all_that_see_far_enough) {
  std::vector<Position> all;
  for (int i = 0; i < 40; ++i) {
    for (int j = 0; j < 10; ++j) all.push_back({0.5 * i, 0.5 * j, 0.1 * ((i * 7 + j * 3) % 5)});
  }
  GeometryOptions options{.neighbors = {9}, .radii = {0.8}};
  const Matrix whole = geometry_features(all, options);
  const std::vector<Position> part(all.begin(), all.begin() + 200);  // x below 10
  std::vector<std::uint32_t> queries;
  std::vector<double> sight;
  for (std::uint32_t i = 100; i < 200; i += 3) {
    queries.push_back(i);
    sight.push_back(10.0 - part[i][0]);
  }
  const PositionBounds bounds = bounds_of(all);
  const PartFeatures found = geometry_features_of(
      part, options, {geometry_frame(bounds.low, bounds.extent()), all.size(), queries, sight});
  EXPECT_FALSE(found.blind.empty());
  std::size_t same = 0;
  for (std::size_t q = 0; q < queries.size(); ++q) {
    const bool is_blind = std::ranges::count(found.blind, q, [](const auto& b) { return b.first; });
    EXPECT_EQ(is_blind, sight[q] < 0.9) << "the ninth of these is 0.7 to 0.9 away, at " << q;
    const float* const row = found.values.row(q);
    const bool equal = std::equal(row, row + whole.cols(), whole.row(queries[q]));
    EXPECT_TRUE(is_blind || equal) << q;
    same += equal ? 1 : 0;
  }
  EXPECT_LT(same, queries.size()) << "some of the blind ones have other neighbours";
}

}  // namespace
}  // namespace ptattn::test
