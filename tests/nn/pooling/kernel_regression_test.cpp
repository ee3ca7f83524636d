#include "ptattn/nn/pooling/kernel_regression.hpp"
#include "ptattn/core/clone.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "each_target.hpp"
#include "matrices.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"

namespace ptattn::test {
namespace {

constexpr Kernel kAllKernels[] = {Kernel::kConstant, Kernel::kGaussian, Kernel::kBoxcar,
                                  Kernel::kEpanechnikov, Kernel::kTriangular};
constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

Matrix column(std::initializer_list<float> values) {
  Matrix m(values.size(), 1);
  std::ranges::copy(values, m.values().begin());
  return m;
}

double kernel_of(Kernel kernel, double u) {
  switch (kernel) {
    case Kernel::kConstant:
      return 1.0;
    case Kernel::kGaussian:
      return std::exp(-0.5 * u * u);
    case Kernel::kBoxcar:
      return u <= 1.0 ? 1.0 : 0.0;
    case Kernel::kEpanechnikov:
      return std::max(0.0, 1.0 - u * u);
    case Kernel::kTriangular:
      break;
  }
  return std::max(0.0, 1.0 - u);
}

/// The definition, in float64, for query i that sees the keys of `list`.
std::vector<double> scalar_twin(MatrixView queries, MatrixView keys, MatrixView values,
                                const KernelPooling& pooling, std::size_t i,
                                const std::vector<std::uint32_t>& list) {
  const double h = pooling.bandwidth.size() == 1 ? pooling.bandwidth[0] : pooling.bandwidth[i];
  std::vector<double> sum(values.cols, 0.0);
  double total = 0.0;
  for (const std::uint32_t j : list) {
    if (j >= keys.rows || (!pooling.self.empty() && pooling.self[i] == j)) continue;
    double d2 = 0.0;
    for (std::size_t a = 0; a < keys.cols; ++a) {
      d2 += (double{queries(i, a)} - keys(j, a)) * (double{queries(i, a)} - keys(j, a));
    }
    const double weight = kernel_of(pooling.kernel, std::sqrt(d2) / h);
    total += weight;
    for (std::size_t c = 0; c < values.cols; ++c) sum[c] += weight * values(j, c);
  }
  if (total > 0.0) {
    for (double& s : sum) s /= total;
  }
  return sum;
}

std::vector<std::uint32_t> everyone(std::size_t n) {
  std::vector<std::uint32_t> all(n);
  std::iota(all.begin(), all.end(), 0U);
  return all;
}

Matrix regress(MatrixView queries, MatrixView keys, MatrixView values,
               const KernelPooling& pooling) {
  Matrix out(queries.rows, values.cols);
  kernel_regression(queries, {keys, values}, pooling, out);
  return out;
}

Matrix regress_lists(MatrixView queries, MatrixView keys, MatrixView values,
                     std::span<const std::uint32_t> lists, const KernelPooling& pooling) {
  Matrix out(queries.rows, values.cols);
  neighbor_kernel_regression(queries, {keys, values}, lists, pooling, out);
  return out;
}

// --- By hand ---

struct ByHand {
  Kernel kernel;
  double expected;
};

TEST(kernel_regression, hand_computed) {
  // Query 0, h = 2; keys at 0, 1 and 3 have u = 0, 1/2 and 3/2.
  const Matrix keys = column({0, 1, 3});
  const Matrix values = column({1, 2, 10});
  const float h = 2.0F;
  const double a = std::exp(-0.125);
  const double b = std::exp(-1.125);
  for (const auto& [kernel, expected] :
       {ByHand{Kernel::kConstant, 13.0 / 3.0}, ByHand{Kernel::kBoxcar, 1.5},
        ByHand{Kernel::kEpanechnikov, (1.0 + 0.75 * 2.0) / 1.75},
        ByHand{Kernel::kTriangular, (1.0 + 0.5 * 2.0) / 1.5},
        ByHand{Kernel::kGaussian, (1.0 + 2.0 * a + 10.0 * b) / (1.0 + a + b)}}) {
    const KernelPooling pooling{kernel, {&h, 1}};
    EXPECT_NEAR(regress(column({0}), keys, values, pooling)(0, 0), expected, 1e-6);
    const std::vector<std::uint32_t> list{2, 0, 1};
    EXPECT_NEAR(regress_lists(column({0}), keys, values, list, pooling)(0, 0), expected, 1e-6);
  }
}

TEST(kernel_regression, the_gaussian_is_the_parametric_attention) {
  // softmax(-((x - x_i) w)^2 / 2) with w = 1 / h (Dive into Deep Learning, section 11.2).
  const Matrix keys = column({0, 1, 3});
  const float w = 0.7F;
  const float h = 1.0F / w;
  Matrix weights(1, 3);
  neighbor_kernel_weights(column({2}), keys, everyone(3), {Kernel::kGaussian, {&h, 1}}, weights);
  const double scores[] = {std::exp(-0.5 * 4 * w * w), std::exp(-0.5 * w * w),
                           std::exp(-0.5 * w * w)};
  const double total = scores[0] + scores[1] + scores[2];
  for (std::size_t j = 0; j < 3; ++j) EXPECT_NEAR(weights(0, j), scores[j] / total, 1e-6);
}

TEST(kernel_regression, the_edge_of_a_window_belongs_to_the_boxcar_alone) {
  const float h = 1.0F;
  float support = -1.0F;
  Matrix out(1, 1);
  for (const Kernel kernel : {Kernel::kBoxcar, Kernel::kEpanechnikov, Kernel::kTriangular}) {
    kernel_regression(column({0}), {column({1}), column({5})}, {kernel, {&h, 1}}, out,
                      {&support, 1});
    EXPECT_EQ(support, kernel == Kernel::kBoxcar ? 1.0F : 0.0F);
    EXPECT_EQ(out(0, 0), kernel == Kernel::kBoxcar ? 5.0F : 0.0F);
  }
}

// --- Against the definition
TEST(kernel_weights, hand_computed_on_every_cpu_level) {
  for_each_target([] {
    for (const std::size_t n : {1, 3, 15, 16, 17, 40}) {
      for (const Kernel kernel : kAllKernels) {
        std::vector<float> squared(n);
        for (std::size_t j = 0; j < n; ++j)
          squared[j] = 0.25F + 0.125F * static_cast<float>(j % 13);
        if (n > 1) squared[1] = std::numeric_limits<float>::infinity();
        std::vector<float> weights = squared;
        const float total = kernel_weights(kernel, weights);
        double sum = 0.0;
        for (std::size_t j = 0; j < n; ++j) {
          double expected = kernel_of(kernel, std::sqrt(double{squared[j]}));
          if (kernel == Kernel::kGaussian) expected /= std::exp(-0.125);
          if (n > 1 && j == 1) expected = 0.0;
          ASSERT_NEAR(weights[j], expected, 1e-6);
          sum += expected;
        }
        ASSERT_NEAR(total, sum, 1e-5);
      }
    }
  });
}

TEST(kernel_weights, nothing_to_weigh) {
  EXPECT_EQ(kernel_weights(Kernel::kGaussian, {}), 0.0F);
  std::vector<float> none(20, std::numeric_limits<float>::infinity());
  EXPECT_EQ(kernel_weights(Kernel::kConstant, none), 0.0F);
  EXPECT_EQ(none, std::vector<float>(20, 0.0F));
}

// -----------------------------------------------------------------------

void expect_twins(std::size_t m, std::size_t n, std::size_t d, std::size_t c, Kernel kernel,
                  const std::vector<float>& bandwidth, bool leave_out) {
  const Matrix keys = random_matrix(n, d, n);
  const Matrix queries = leave_out ? clone(keys) : random_matrix(m, d, m + 1);
  const Matrix values = random_matrix(n, c, c);
  const std::vector<std::uint32_t> all = everyone(std::max(n, m));
  const KernelPooling pooling{kernel, bandwidth,
                              leave_out ? std::span(all).first(n) : std::span(all).first(0)};
  const std::size_t r = 9;
  std::vector<std::uint32_t> lists(queries.rows() * r);
  for (std::size_t i = 0; i < lists.size(); ++i) {
    lists[i] = i % 7 == 3 ? kNone : static_cast<std::uint32_t>(i * 31 % n);
  }
  const Matrix of_all = regress(queries, keys, values, pooling);
  const Matrix of_lists = regress_lists(queries, keys, values, lists, pooling);
  for (std::size_t i = 0; i < queries.rows(); ++i) {
    const auto expected = scalar_twin(queries, keys, values, pooling, i, everyone(n));
    const std::vector<std::uint32_t> list(lists.data() + i * r, lists.data() + (i + 1) * r);
    const auto expected_list = scalar_twin(queries, keys, values, pooling, i, list);
    for (std::size_t k = 0; k < c; ++k) {
      ASSERT_NEAR(of_all(i, k), expected[k], 3e-6);
      ASSERT_NEAR(of_lists(i, k), expected_list[k], 3e-6);
    }
  }
}

TEST(kernel_regression, equals_its_scalar_twin_on_every_cpu_level) {
  for_each_target([] {
    for (const Kernel kernel : kAllKernels) {
      for (const std::size_t n : {1, 15, 255, 256, 257, 700}) {
        SCOPED_TRACE(std::to_string(static_cast<int>(kernel)) + ", n = " + std::to_string(n));
        expect_twins(20, n, 3, 5, kernel, {0.4F}, false);
        expect_twins(20, n, 1, 33, kernel, {0.1F}, false);
        std::vector<float> widths(n);
        for (std::size_t i = 0; i < n; ++i) widths[i] = 0.2F + 0.01F * static_cast<float>(i % 50);
        expect_twins(n, n, 2, 1, kernel, widths, true);
      }
    }
  });
}

TEST(kernel_regression, lists_may_hold_any_number) {
  const Matrix keys = random_matrix(300, 3, 1);
  const Matrix values = random_matrix(300, 2, 2);
  const float h = 0.5F;
  const KernelPooling pooling{Kernel::kGaussian, {&h, 1}};
  for (const std::size_t r : {1, 15, 16, 17, 300}) {
    std::vector<std::uint32_t> lists;
    for (std::size_t i = 0; i < 4 * r; ++i) lists.push_back(static_cast<std::uint32_t>(i % 300));
    const Matrix out = regress_lists(keys.view().rows_range(0, 4), keys, values, lists, pooling);
    for (std::size_t i = 0; i < 4; ++i) {
      const std::vector<std::uint32_t> list(lists.data() + i * r, lists.data() + (i + 1) * r);
      const auto expected = scalar_twin(keys, keys, values, pooling, i, list);
      ASSERT_NEAR(out(i, 1), expected[1], 3e-6) << r;
    }
  }
}

TEST(kernel_regression, a_million_values_average_exactly) {
  Matrix keys(1'000'000, 1);
  Matrix values(1'000'000, 1);
  for (std::size_t i = 0; i < keys.rows(); ++i) {
    keys(i, 0) = 0.0F;
    values(i, 0) = i % 2 == 0 ? 0.1F : 0.3F;
  }
  EXPECT_NEAR(regress(column({0}), keys, values, {Kernel::kConstant})(0, 0), 0.2, 1e-6);
}

// --- Invariants ---

TEST(kernel_regression, weights_sum_to_one) {
  const Matrix keys = random_matrix(400, 3, 1);
  std::vector<std::uint32_t> lists;
  for (std::size_t i = 0; i < 400 * 20; ++i) {
    lists.push_back(static_cast<std::uint32_t>(i * 7 % 400));
  }
  for (const float h : {1e-6F, 0.5F, 1e6F}) {
    Matrix weights(400, 20);
    std::vector<float> support(400);
    neighbor_kernel_weights(keys, keys, lists, {Kernel::kGaussian, {&h, 1}}, weights, support);
    for (std::size_t i = 0; i < 400; ++i) {
      EXPECT_NEAR(std::accumulate(weights.row(i), weights.row(i) + 20, 0.0), 1.0, 1e-6);
      EXPECT_GE(support[i], 1.0F) << "the nearest weighs 1";
    }
  }
}

TEST(kernel_regression, moving_everything_changes_nothing) {
  const Matrix keys = random_matrix(500, 3, 1);
  const Matrix values = random_matrix(500, 4, 2);
  Matrix moved = clone(keys);
  for (float& x : moved.values()) x += 4.0F;  // exact enough for 1e-5
  const float h = 0.1F;
  const KernelPooling pooling{Kernel::kGaussian, {&h, 1}};
  EXPECT_LT(distance(regress(moved, moved, values, pooling), regress(keys, keys, values, pooling)),
            2e-5);
}

TEST(kernel_regression, same_bytes_for_any_thread_count) {
  const Matrix keys = random_matrix(3000, 3, 1);
  const Matrix values = random_matrix(3000, 4, 2);
  std::vector<std::uint32_t> lists;
  for (std::size_t i = 0; i < 3000 * 8; ++i) {
    lists.push_back(static_cast<std::uint32_t>(i * 37 % 3000));
  }
  const float h = 0.2F;
  const KernelPooling pooling{Kernel::kGaussian, {&h, 1}};
  const auto with_threads = [&](int threads, const std::function<Matrix()>& compute) {
    const ThreadLimit limit(threads);
    return compute();
  };
  const auto all = [&] { return regress(keys, keys, values, pooling); };
  const auto listed = [&] { return regress_lists(keys, keys, values, lists, pooling); };
  EXPECT_TRUE(same_bytes(with_threads(1, all), with_threads(8, all)));
  EXPECT_TRUE(same_bytes(with_threads(1, listed), with_threads(8, listed)));
}

// --- Edges ---

TEST(kernel_regression, a_query_that_no_key_reaches_gets_zero) {
  const float h = 0.5F;
  for (const Kernel kernel : {Kernel::kBoxcar, Kernel::kEpanechnikov, Kernel::kTriangular}) {
    const KernelPooling pooling{kernel, {&h, 1}};
    std::vector<float> support{-1.0F, -1.0F};
    Matrix out(2, 1);
    kernel_regression(column({0, 7}), {column({0, 0.1F}), column({3, 3})}, pooling, out, support);
    EXPECT_NEAR(out(0, 0), 3.0F, 1e-6);
    EXPECT_GT(support[0], 0.0F);
    EXPECT_EQ(out(1, 0), 0.0F);
    EXPECT_EQ(support[1], 0.0F);
  }
}

TEST(kernel_regression, a_far_gaussian_falls_to_the_nearest) {
  const float h = 1e-3F;
  const KernelPooling pooling{Kernel::kGaussian, {&h, 1}};
  EXPECT_EQ(regress(column({1000}), column({0, 1, 2}), column({5, 6, 7}), pooling)(0, 0), 7.0F);
}

TEST(kernel_regression, no_width_is_the_nearest_neighbour) {
  const float h = 0.0F;
  Matrix keys(600, 1);  // the nearest stand in the second and third block
  for (std::size_t i = 0; i < 600; ++i) keys(i, 0) = 1000.0F - static_cast<float>(i % 590);
  const Matrix values = random_matrix(600, 1, 1);
  for (const Kernel kernel : {Kernel::kGaussian, Kernel::kBoxcar}) {
    const KernelPooling pooling{kernel, {&h, 1}};
    EXPECT_EQ(regress(column({0}), keys, values, pooling)(0, 0), values(589, 0));
    EXPECT_NEAR(regress(column({1000}), keys, values, pooling)(0, 0),
                0.5 * (double{values(0, 0)} + values(590, 0)), 1e-7);
    EXPECT_EQ(regress_lists(column({0}), keys, values, std::vector<std::uint32_t>{3, 589, kNone},
                            pooling)(0, 0),
              values(589, 0));
  }
}

TEST(kernel_regression, nothing_to_see_gives_zero) {
  const float h = 1.0F;
  const KernelPooling pooling{Kernel::kGaussian, {&h, 1}};
  EXPECT_EQ(regress(column({1}), Matrix(0, 1), Matrix(0, 1), pooling)(0, 0), 0.0F);
  EXPECT_EQ(regress_lists(column({1}), column({1}), column({5}), std::vector{kNone, kNone},
                          pooling)(0, 0),
            0.0F);
  EXPECT_EQ(regress_lists(column({1}), column({1}), column({5}), {}, pooling)(0, 0), 0.0F);
  const std::vector<std::uint32_t> self{0};
  EXPECT_EQ(
      regress(column({1}), column({1}), column({5}), {Kernel::kGaussian, {&h, 1}, self})(0, 0),
      0.0F);
  EXPECT_EQ(regress(Matrix(0, 1), column({1}), column({5}), pooling).rows(), 0U);
}

TEST(kernel_regression, extreme_scales_stay_finite) {
  const Matrix keys = column({-1e30F, 0, 1e30F, 3e38F});
  const Matrix values = column({1, 2, 3, 4});
  for (const float h : {1e-38F, 1e-20F, 1.0F, 1e30F, 3e38F}) {
    for (const Kernel kernel : kAllKernels) {
      const Matrix out = regress(keys, keys, values, {kernel, {&h, 1}});
      for (const float x : out.values()) EXPECT_TRUE(std::isfinite(x)) << h;
    }
  }
}

TEST(kernel_regression, refuses_what_does_not_fit) {
  const Matrix two = column({1, 2});
  const float h = 1.0F;
  const KernelPooling good{Kernel::kGaussian, {&h, 1}};
  const auto expect_refused = [](const std::function<void()>& call) {
    try {
      call();
      ADD_FAILURE() << "nothing thrown";
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::kUsage) << error.what();
    }
  };
  expect_refused([&] { regress(Matrix(2, 2), two, two, good); });
  expect_refused([&] { regress(two, two, column({1}), good); });
  expect_refused([&] { regress(two, two, two, {Kernel::kGaussian, {}}); });
  const std::vector<float> three(3, 1.0F);
  expect_refused([&] { regress(two, two, two, {Kernel::kGaussian, three}); });
  for (const float bad : {-1.0F, std::numeric_limits<float>::quiet_NaN()}) {
    expect_refused([&] { regress(two, two, two, {Kernel::kGaussian, {&bad, 1}}); });
  }
  const std::vector<std::uint32_t> one{0};
  expect_refused([&] { regress(two, two, two, {Kernel::kGaussian, {&h, 1}, one}); });
  const std::vector<std::uint32_t> odd{0, 1, 0};
  expect_refused([&] { regress_lists(two, two, two, odd, good); });
  expect_refused([&] {
    Matrix narrow(2, 1);
    neighbor_kernel_weights(two, two, std::vector<std::uint32_t>(4, 0), good, narrow);
  });
  expect_refused([&] {
    Matrix out(2, 1);
    float support = 0.0F;
    kernel_regression(two, {two, two}, good, out, {&support, 1});
  });
  expect_refused([&] {
    Matrix narrow(1, 1);
    kernel_regression(two, {two, two}, good, narrow);
  });
}

}  // namespace
}  // namespace ptattn::test
