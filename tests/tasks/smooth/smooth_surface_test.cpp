#include "ptattn/tasks/smooth/smooth_surface.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"

namespace ptattn::test {
namespace {

using Points = std::vector<Position>;

/// Twelve uniform numbers make a normal one, well enough.
double normal(Random& random) {
  double sum = -6.0;
  for (int i = 0; i < 12; ++i) sum += random.uniform();
  return sum;
}

void add_noise(Points& points, double sigma) {
  Random random(99);
  for (Position& p : points) {
    for (double& x : p) x += sigma * normal(random);
  }
}

Points sphere(std::size_t n) {
  Random random(n);
  Points points(n);
  for (Position& p : points) {
    p = {normal(random), normal(random), normal(random)};
    const double length = std::hypot(p[0], p[1], p[2]);
    for (double& x : p) x /= length;
  }
  return points;
}

/// Points of the plane z = x / 2 over the unit square, on a grid.
Points slope(std::size_t side) {
  Points points;
  for (std::size_t i = 0; i < side * side; ++i) {
    const double x = static_cast<double>(i % side) / static_cast<double>(side);
    points.push_back({x, static_cast<double>(i / side) / static_cast<double>(side), 0.5 * x});
  }
  return points;
}

double rms(const Points& points, const std::function<double(const Position&)>& distance) {
  double sum = 0.0;
  for (const Position& p : points) sum += distance(p) * distance(p);
  return std::sqrt(sum / static_cast<double>(points.size()));
}

double to_sphere(const Position& p) {
  return std::hypot(p[0], p[1], p[2]) - 1.0;
}

double to_slope(const Position& p) {
  return (p[2] - 0.5 * p[0]) / std::sqrt(1.25);
}

TEST(smooth_surface, hand_computed) {
  // A level square of 5 x 5 points whose middle one is raised. With equal weights and h = 2 the
  // best g + a (u^2 + v^2), s = u^2 + v^2, has the normal equations
  //   25 g + 25 a = spike,   25 g + (33.75 + 1) a = 0,
  // since sum s = 25, sum s^2 = 33.75, and the ridge 0.02 * 25 on each of two equal terms adds 1.
  Points points;
  for (int i = 0; i < 25; ++i) points.push_back({i % 5 - 2.0, i / 5 - 2.0, i == 12 ? 1e-3 : 0.0});
  smooth_surface(points,
                 {.kernel = Kernel::kConstant, .neighborhood = {.k = 25}, .bandwidth = 2.0});
  EXPECT_NEAR(points[12][2], 1e-3 * 34.75 / (25.0 * 34.75 - 625.0), 1e-9);
  EXPECT_NEAR(points[12][0], 0.0, 1e-9);
}

TEST(smooth_surface, points_of_a_plane_stay) {
  const Points before = slope(30);
  for (const Kernel kernel : {Kernel::kGaussian, Kernel::kEpanechnikov, Kernel::kBoxcar}) {
    Points points = before;
    const SurfaceSmoothing done = smooth_surface(points, {.kernel = kernel});
    EXPECT_LT(done.moved, 1e-9);
    for (std::size_t i = 0; i < points.size(); ++i) {
      for (std::size_t axis = 0; axis < 3; ++axis) {
        ASSERT_NEAR(points[i][axis], before[i][axis], 1e-8);
      }
    }
  }
}

TEST(smooth_surface, noise_on_a_plane_is_reduced) {
  Points points = slope(70);
  add_noise(points, 0.005);
  const double before = rms(points, to_slope);
  const SurfaceSmoothing done = smooth_surface(points, {});
  EXPECT_LT(rms(points, to_slope), before / 2.5);
  EXPECT_NEAR(done.leave_one_out, 0.005 * std::sqrt(2.0 / 3.14159), 0.001) << "mean of |noise|";
}

TEST(smooth_surface, a_sphere_does_not_shrink) {
  Points points = sphere(3000);
  add_noise(points, 0.01);
  const double before = rms(points, to_sphere);
  smooth_surface(points, {});
  EXPECT_LT(rms(points, to_sphere), before / 2.8);
  double mean = 0.0;
  for (const Position& p : points) mean += to_sphere(p) / static_cast<double>(points.size());
  EXPECT_NEAR(mean, 0.0, 0.0015) << "a plain average over such windows shrinks it by 0.02";
}

TEST(smooth_surface, the_learnt_bandwidth_is_about_the_best) {
  for (const double sigma : {0.004, 0.02}) {
    Points noisy = sphere(2500);
    add_noise(noisy, sigma);
    Points learnt = noisy;
    const double h = smooth_surface(learnt, {}).bandwidth;
    for (const double factor : {0.4, 2.5}) {
      Points other = noisy;
      smooth_surface(other, {.bandwidth = factor * h});
      EXPECT_LT(rms(learnt, to_sphere), 1.15 * rms(other, to_sphere)) << sigma << ' ' << factor;
    }
  }
}

TEST(smooth_surface, a_given_bandwidth_is_used_and_judged) {
  Points points = sphere(2000);
  add_noise(points, 0.01);
  const SurfaceSmoothing done = smooth_surface(points, {.bandwidth = 0.12});
  EXPECT_EQ(done.bandwidth, 0.12);
  EXPECT_GT(done.leave_one_out, 0.005);
}

TEST(smooth_surface, iterations_go_on_from_the_last) {
  Points twice = sphere(1500);
  add_noise(twice, 0.01);
  Points by_hand = twice;
  const SurfaceSmoothing done = smooth_surface(twice, {.iterations = 2});
  smooth_surface(by_hand, {});
  smooth_surface(by_hand, {.bandwidth = done.bandwidth});
  EXPECT_EQ(twice, by_hand);
}

TEST(smooth_surface, far_from_the_origin_as_near_it) {
  Points near = slope(40);
  add_noise(near, 0.005);
  Points far = near;
  for (Position& p : far) p = {p[0] + 652'381.0, p[1] + 6'862'047.0, p[2] + 35.0};
  smooth_surface(near, {.bandwidth = 0.08});
  smooth_surface(far, {.bandwidth = 0.08});
  for (std::size_t i = 0; i < near.size(); ++i) {
    ASSERT_NEAR(far[i][0] - 652'381.0, near[i][0], 1e-6);
    ASSERT_NEAR(far[i][1] - 6'862'047.0, near[i][1], 1e-6);
    ASSERT_NEAR(far[i][2] - 35.0, near[i][2], 1e-6);
  }
}

TEST(smooth_surface, a_radius_limits_the_window) {
  Points points = slope(30);
  points[450][2] += 0.01;
  Points wide = points;
  const SmoothOptions lonely{.neighborhood = {.k = 48, .radius = 0.01}, .bandwidth = 0.08};
  EXPECT_EQ(smooth_surface(points, lonely).moved, 0.0) << "nobody within a third of the spacing";
  EXPECT_GT(smooth_surface(wide, {.bandwidth = 0.08}).moved, 0.0);
}

TEST(smooth_surface, tiny_clouds_stay_finite) {
  for (const std::size_t n : {0, 1, 2, 3, 5}) {
    Points points = sphere(n);
    const SurfaceSmoothing done = smooth_surface(points, {});
    EXPECT_TRUE(std::isfinite(done.moved)) << n;
    for (const Position& p : points) {
      for (const double x : p) EXPECT_TRUE(std::isfinite(x)) << n;
    }
  }
  Points one{{1, 2, 3}};
  smooth_surface(one, {});
  EXPECT_EQ(one[0], (Position{1, 2, 3}));
}

TEST(smooth_surface, coinciding_points_stay) {
  Points points(100, Position{5, 6, 7});
  EXPECT_EQ(smooth_surface(points, {}).bandwidth, 0.0);
  smooth_surface(points, {.bandwidth = 1.0});
  for (const Position& p : points) EXPECT_EQ(p, (Position{5, 6, 7}));
}

TEST(smooth_surface, points_on_a_line_stay_on_it) {
  Points points;
  for (int i = 0; i < 200; ++i) points.push_back({0.1 * i, 0.2 * i, -0.1 * i});
  smooth_surface(points, {});
  for (int i = 0; i < 200; ++i) EXPECT_NEAR(points[static_cast<std::size_t>(i)][1], 0.2 * i, 1e-6);
}

TEST(smooth_surface, same_bytes_for_any_thread_count) {
  const auto with_threads = [](int threads) {
    const ThreadLimit limit(threads);
    Points points = sphere(3000);
    add_noise(points, 0.01);
    smooth_surface(points, {});
    return points;
  };
  const Points one = with_threads(1);
  const Points eight = with_threads(8);
  EXPECT_EQ(std::memcmp(one.data(), eight.data(), one.size() * sizeof(Position)), 0);
}

TEST(smooth_surface, tells_how_far_it_is) {
  Points points = sphere(1000);
  std::vector<std::pair<std::size_t, std::size_t>> told;
  smooth_surface(points, {.iterations = 3},
                 [&](std::size_t done, std::size_t total) { told.emplace_back(done, total); });
  EXPECT_EQ(told, (std::vector<std::pair<std::size_t, std::size_t>>{
                      {1000, 3000}, {2000, 3000}, {3000, 3000}}));
}

TEST(smooth_surface, refuses_what_makes_no_sense) {
  Points points = sphere(10);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(smooth_surface(points, {.neighborhood = {.k = 0}}), Error);
  EXPECT_THROW(smooth_surface(points, {.neighborhood = {.k = 4, .radius = -1.0}}), Error);
  EXPECT_THROW(smooth_surface(points, {.neighborhood = {.k = 4, .radius = nan}}), Error);
  EXPECT_THROW(smooth_surface(points, {.bandwidth = 0.0}), Error);
  EXPECT_THROW(smooth_surface(points, {.bandwidth = nan}), Error);
}

}  // namespace
}  // namespace ptattn::test
