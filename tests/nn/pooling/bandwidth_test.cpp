#include "ptattn/nn/pooling/bandwidth.hpp"
#include "ptattn/core/clone.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "matrices.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"

namespace ptattn::test {
namespace {

Matrix column(std::initializer_list<float> values) {
  Matrix m(values.size(), 1);
  std::ranges::copy(values, m.values().begin());
  return m;
}

/// y = sin(x) + noise on [0, 6].
struct NoisySine {
  Matrix x;
  Matrix y;

  NoisySine(std::size_t n, double noise) : x(n, 1), y(n, 1) {
    Random random(n);
    for (std::size_t i = 0; i < n; ++i) {
      x(i, 0) = static_cast<float>(6.0 * random.uniform());
      y(i, 0) = static_cast<float>(std::sin(double{x(i, 0)}) +
                                   noise * (random.uniform() + random.uniform() - 1.0));
    }
  }
};

/// The eight others of each, nearest first.
std::vector<std::uint32_t> lists_of(MatrixView x, std::size_t r) {
  std::vector<std::uint32_t> lists;
  for (std::size_t i = 0; i < x.rows; ++i) {
    std::vector<std::pair<float, std::uint32_t>> all;
    for (std::uint32_t j = 0; j < x.rows; ++j) all.emplace_back(std::fabs(x(i, 0) - x(j, 0)), j);
    std::ranges::sort(all);
    for (std::size_t j = 0; j < r; ++j) lists.push_back(all[j].second);
  }
  return lists;
}

TEST(leave_one_out_loss, hand_computed) {
  // x = 0, 1, 3, y = 0, 3, 9; boxcar of width 2: 0 sees 1, 1 sees both, 3 sees 1.
  const Matrix x = column({0, 1, 3});
  const Matrix y = column({0, 3, 9});
  const LeaveOneOut points{.keys = x, .values = y, .kernel = Kernel::kBoxcar};
  EXPECT_NEAR(leave_one_out_loss(points, 2.0F), (9.0 + 2.25 + 36.0) / 3.0, 1e-5);
  // Width 1: 3 sees nobody, and is predicted by the average of 0 and 3.
  EXPECT_NEAR(leave_one_out_loss(points, 1.0F), (9.0 + 9.0 + 56.25) / 3.0, 1e-5);
}

TEST(leave_one_out_loss, a_sample_counts_alone) {
  const Matrix x = column({0, 1, 3});
  const Matrix y = column({0, 3, 9});
  const std::vector<std::uint32_t> sample{2};
  EXPECT_NEAR(leave_one_out_loss(
                  {.keys = x, .values = y, .sample = sample, .kernel = Kernel::kBoxcar}, 2.0F),
              36.0, 1e-5);
  const std::vector<std::uint32_t> list{2, 0, 7};  // itself, the first point, nobody
  EXPECT_NEAR(
      leave_one_out_loss({.keys = x, .values = y, .sample = sample, .neighbors = list}, 2.0F), 81.0,
      1e-4);
}

TEST(leave_one_out_loss, points_count_by_their_weights) {
  const Matrix x = column({0, 1, 3});
  const Matrix y = column({0, 3, 9});
  const std::vector<float> weights{1, 2, 3};
  // Predicted: 3 by the second point, (1 0 + 3 9) / 4 by both others, and 3.
  EXPECT_NEAR(leave_one_out_loss(
                  {.keys = x, .values = y, .kernel = Kernel::kBoxcar, .weights = weights}, 2.0F),
              (1.0 * 9.0 + 2.0 * 3.75 * 3.75 + 3.0 * 36.0) / 6.0, 1e-4);
  EXPECT_THROW((void)leave_one_out_loss(
                   {.keys = x, .values = y, .weights = std::span(weights).first(2)}, 2.0F),
               Error);
}

TEST(leave_one_out_loss, whoever_can_see_nobody_does_not_count) {
  const Matrix x = column({0, 1, 3});
  const Matrix y = column({0, 3, 9});
  const std::vector<std::uint32_t> lists{1, 0, 9};
  EXPECT_NEAR(leave_one_out_loss({.keys = x, .values = y, .neighbors = lists}, 1.0F), 9.0, 1e-5);
  EXPECT_EQ(leave_one_out_loss({.keys = Matrix(0, 1), .values = Matrix(0, 1)}, 1.0F), 0.0);
}

TEST(fit_bandwidth, finds_what_a_fine_grid_finds) {
  const NoisySine data(200, 0.5);
  const auto lists = lists_of(data.x, 40);
  for (const Kernel kernel : {Kernel::kGaussian, Kernel::kBoxcar, Kernel::kEpanechnikov}) {
    for (const bool listed : {false, true}) {
      const LeaveOneOut points{.keys = data.x,
                               .values = data.y,
                               .neighbors = listed ? std::span(lists) : std::span(lists).first(0),
                               .kernel = kernel};
      const BandwidthFit fit = fit_bandwidth(points);
      double best = std::numeric_limits<double>::max();
      for (double h = 0.01; h < 12.0; h *= 1.02) {
        best = std::min(best, leave_one_out_loss(points, static_cast<float>(h)));
      }
      EXPECT_LE(fit.loss, best * 1.03);
      EXPECT_EQ(fit.loss, leave_one_out_loss(points, static_cast<float>(fit.bandwidth)));
      EXPECT_LT(fit.loss, 0.5 * fit.constant + (listed ? 1.0 : 0.0));
    }
  }
}

TEST(fit_bandwidth, noise_asks_for_a_wider_window) {
  const NoisySine clean(300, 0.01);
  const NoisySine noisy(300, 2.0);
  EXPECT_LT(3.0 * fit_bandwidth({.keys = clean.x, .values = clean.y}).bandwidth,
            fit_bandwidth({.keys = noisy.x, .values = noisy.y}).bandwidth);
}

TEST(fit_bandwidth, predicts_better_than_the_nearest_neighbour) {
  const NoisySine data(300, 0.5);
  const LeaveOneOut points{.keys = data.x, .values = data.y};
  EXPECT_LT(fit_bandwidth(points).loss, 0.75 * leave_one_out_loss(points, 0.0F));
}

TEST(fit_bandwidth, scales_with_the_unit) {
  const NoisySine data(150, 0.4);
  Matrix millimetres = clone(data.x);
  for (float& x : millimetres.values()) x *= 1024.0F;
  EXPECT_NEAR(fit_bandwidth({.keys = millimetres, .values = data.y}).bandwidth,
              1024.0 * fit_bandwidth({.keys = data.x, .values = data.y}).bandwidth, 1.0);
}

TEST(fit_bandwidth, points_without_extent_have_any_width) {
  const BandwidthFit fit = fit_bandwidth({.keys = column({2, 2, 2}), .values = column({1, 2, 3})});
  EXPECT_EQ(fit.bandwidth, 1.0);
  EXPECT_NEAR(fit.loss, (2.25 + 0.0 + 2.25) / 3.0, 1e-6);
  EXPECT_EQ(fit_bandwidth({.keys = Matrix(0, 3), .values = Matrix(0, 1)}).bandwidth, 1.0);
  EXPECT_EQ(fit_bandwidth({.keys = column({4}), .values = column({1})}).loss, 0.0);
}

TEST(fit_bandwidth, same_bits_for_any_thread_count) {
  const NoisySine data(1500, 0.5);
  const auto with_threads = [&](int threads) {
    const ThreadLimit limit(threads);
    return fit_bandwidth({.keys = data.x, .values = data.y});
  };
  const BandwidthFit one = with_threads(1);
  const BandwidthFit eight = with_threads(8);
  EXPECT_EQ(std::memcmp(&one, &eight, sizeof one), 0);
}

TEST(fit_bandwidth, refuses_what_does_not_fit) {
  const Matrix x = column({0, 1, 3});
  const std::vector<std::uint32_t> outside{3};
  EXPECT_THROW((void)fit_bandwidth({.keys = x, .values = column({1, 2})}), Error);
  EXPECT_THROW((void)fit_bandwidth({.keys = x, .values = x, .sample = outside}), Error);
  EXPECT_THROW((void)fit_bandwidth({.keys = x, .values = x, .neighbors = outside}), Error);
}

}  // namespace
}  // namespace ptattn::test
