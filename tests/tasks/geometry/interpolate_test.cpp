#include "ptattn/tasks/geometry/interpolate.hpp"
#include "ptattn/core/clone.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <numeric>
#include <vector>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"

namespace ptattn::test {
namespace {

Matrix matrix(std::size_t rows, std::size_t cols, std::initializer_list<float> values) {
  Matrix m(rows, cols);
  std::ranges::copy(values, m.values().begin());
  return m;
}

Matrix uniform(std::size_t rows, std::size_t cols, std::uint64_t seed, double scale = 1.0) {
  Random random(seed);
  Matrix m(rows, cols);
  for (float& x : m.values()) x = static_cast<float>(scale * (random.uniform() - 0.5));
  return m;
}

/// The definition in float64: sort by distance, weigh, average.
std::vector<double> scalar_twin(MatrixView from, MatrixView values, const float* x, std::size_t k) {
  std::vector<std::size_t> order(from.rows);
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto distance = [&](std::size_t i) {
    return std::hypot(double{from(i, 0)} - x[0], double{from(i, 1)} - x[1],
                      double{from(i, 2)} - x[2]);
  };
  std::ranges::stable_sort(order, [&](auto a, auto b) { return distance(a) < distance(b); });
  order.resize(std::min(k, order.size()));
  const double h = 0.5 * distance(order.back());
  std::vector<double> sum(values.cols, 0.0);
  double total = 0.0;
  for (const std::size_t i : order) {
    const double u = distance(i) / h;
    const double weight = std::exp(-0.5 * u * u);
    total += weight;
    for (std::size_t c = 0; c < values.cols; ++c) sum[c] += weight * values(i, c);
  }
  for (double& s : sum) s /= total;
  return sum;
}

TEST(interpolate, hand_computed) {
  // Distances 1 and 2, so h = 1: weights exp(-1/2) and exp(-2).
  const Matrix from = matrix(3, 3, {0, 0, 0, 3, 0, 0, 50, 0, 0});
  const Matrix values = matrix(3, 1, {10, 20, 1000});
  const Matrix result = interpolate(from, values, matrix(1, 3, {1, 0, 0}), 2);
  const double a = std::exp(-0.5);
  const double b = std::exp(-2.0);
  EXPECT_NEAR(result(0, 0), (10 * a + 20 * b) / (a + b), 1e-5);
}

TEST(interpolate, equals_its_scalar_twin) {
  const Matrix from = uniform(500, 3, 1);
  const Matrix values = uniform(500, 21, 2);
  const Matrix to = uniform(300, 3, 3);
  for (const std::size_t k : {1, 4, 17, 500, 900}) {
    const Matrix result = interpolate(from, values, to, k);
    for (std::size_t i = 0; i < to.rows(); ++i) {
      const auto expected = scalar_twin(from, values, to.row(i), k);
      for (std::size_t c = 0; c < 21; ++c) ASSERT_NEAR(result(i, c), expected[c], 1e-6) << k;
    }
  }
}

TEST(interpolate, a_point_that_coincides_decides_alone) {
  const Matrix from = uniform(200, 3, 1);
  const Matrix values = uniform(200, 5, 2);
  const Matrix result = interpolate(from, values, from);
  EXPECT_EQ(std::memcmp(result.data(), values.data(), 1000 * sizeof(float)), 0);
}

TEST(interpolate, several_that_coincide_share) {
  const Matrix from = matrix(4, 3, {1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 2, 1});
  const Matrix values = matrix(4, 1, {3, 5, 100, 200});
  EXPECT_EQ(interpolate(from, values, matrix(1, 3, {1, 1, 1}))(0, 0), 4.0F);
}

TEST(interpolate, constants_stay_whatever_the_unit) {
  for (const double scale : {1e-25, 1e-6, 1.0, 1e6, 1e15}) {
    const Matrix from = uniform(100, 3, 1, scale);
    Matrix values(100, 2);
    for (float& v : values.values()) v = 7.0F;
    const Matrix result = interpolate(from, values, uniform(50, 3, 2, scale));
    for (const float v : result.values()) ASSERT_NEAR(v, 7.0F, 1e-5) << scale;
  }
}

TEST(interpolate, one_point_gives_its_value) {
  const Matrix result =
      interpolate(matrix(1, 3, {5, 5, 5}), matrix(1, 2, {1, -2}), uniform(9, 3, 1), 4);
  for (std::size_t i = 0; i < 9; ++i) {
    EXPECT_EQ(result(i, 0), 1.0F);
    EXPECT_EQ(result(i, 1), -2.0F);
  }
}

TEST(interpolate, nothing_to_compute_gives_nothing) {
  const Matrix from = uniform(10, 3, 1);
  EXPECT_EQ(interpolate(from, uniform(10, 4, 2), Matrix(0, 3)).rows(), 0U);
  EXPECT_EQ(interpolate(from, Matrix(10, 0), from).cols(), 0U);
}

TEST(interpolate, same_bytes_for_any_thread_count) {
  const Matrix from = uniform(5000, 3, 1);
  const Matrix values = uniform(5000, 7, 2);
  const Matrix to = uniform(20'000, 3, 3);
  const auto with_threads = [&](int threads) {
    const ThreadLimit limit(threads);
    return interpolate(from, values, to);
  };
  const Matrix one = with_threads(1);
  const Matrix eight = with_threads(8);
  EXPECT_EQ(std::memcmp(one.data(), eight.data(), one.size() * sizeof(float)), 0);
}

TEST(interpolate, refuses_what_makes_no_sense) {
  const Matrix from = uniform(10, 3, 1);
  const Matrix values = uniform(10, 2, 2);
  const auto expect_refused = [](MatrixView a, MatrixView b, MatrixView c, std::size_t k) {
    try {
      (void)interpolate(a, b, c, k);
      ADD_FAILURE() << "nothing thrown";
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::kUsage) << error.what();
    }
  };
  expect_refused(from, values, from, 0);
  expect_refused(Matrix(0, 3), Matrix(0, 2), from, 4);
  expect_refused(from, uniform(9, 2, 2), from, 4);
  expect_refused(uniform(10, 2, 1), values, from, 4);
  expect_refused(from, values, uniform(10, 2, 1), 4);
  Matrix broken = clone(from);
  broken(3, 1) = std::numeric_limits<float>::quiet_NaN();
  expect_refused(broken, values, from, 4);
  expect_refused(from, values, broken, 4);
}

}  // namespace
}  // namespace ptattn::test
