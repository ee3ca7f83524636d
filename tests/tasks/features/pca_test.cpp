#include "ptattn/tasks/features/pca.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <set>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"

namespace ptattn::test {
namespace {

using testing::DoubleNear;
using testing::Each;
using testing::ElementsAre;

Matrix matrix(const std::vector<std::vector<float>>& rows) {
  Matrix m(rows.size(), rows.front().size());
  for (std::size_t i = 0; i < m.rows(); ++i) std::ranges::copy(rows[i], m.row(i));
  return m;
}

/// Columns a, -1000 a + b / 10 and b of independent random numbers a, b.
Matrix correlated(std::size_t n) {
  Random random(5);
  Matrix m(n, 3);
  for (std::size_t i = 0; i < n; ++i) {
    const auto a = static_cast<float>(random.uniform());
    const auto b = static_cast<float>(random.uniform());
    m(i, 0) = a;
    m(i, 1) = -1000.0F * a + 0.1F * b;
    m(i, 2) = b;
  }
  return m;
}

TEST(pca, by_hand) {
  // Both columns have variance 1 once scaled, with correlation 1: all of it along (1 1) / sqrt 2.
  const Matrix x = matrix({{1, 30}, {2, 50}, {3, 70}});
  const Pca pca = fit_pca(x, 2);
  EXPECT_THAT(pca.mean, ElementsAre(2, 50));
  EXPECT_NEAR(pca.scale[0], std::sqrt(2.0 / 3.0), 1e-12);
  EXPECT_NEAR(pca.scale[1], 20 * std::sqrt(2.0 / 3.0), 1e-12);
  EXPECT_THAT(pca.variances, ElementsAre(DoubleNear(2, 1e-12), DoubleNear(0, 1e-12)));
  const double half = std::sqrt(0.5);
  EXPECT_NEAR(pca.components[0], half, 1e-12);
  EXPECT_NEAR(pca.components[1], half, 1e-12);
  // x0: (-1.2247, -1.2247) . (1 1) / sqrt 2
  EXPECT_NEAR(project(pca, x)(0, 0), -std::sqrt(3.0), 1e-6);
}

TEST(pca, units_do_not_matter_and_signs_are_definite) {
  const Matrix x = correlated(1000);
  const Pca pca = fit_pca(x, 3);
  EXPECT_NEAR(pca.variances[0] + pca.variances[1] + pca.variances[2], 3.0, 1e-9);
  EXPECT_NEAR(pca.variances[0], 2.0, 0.1);
  for (std::size_t r = 0; r < 3; ++r) {
    const double* const component = pca.components.data() + 3 * r;
    const double largest = *std::max_element(
        component, component + 3, [](double a, double b) { return std::abs(a) < std::abs(b); });
    EXPECT_GT(largest, 0.0);
  }
  // The columns a and -1000 a oppose each other.
  EXPECT_LT(pca.components[0] * pca.components[1], -0.4);
}

TEST(pca, columns_that_only_rounding_moves_have_no_part) {
  Matrix x = correlated(1000);
  for (std::size_t i = 0; i < x.rows(); ++i) x(i, 1) = i % 2 == 0 ? 1.0F : 1.0F - 0x1p-24F;
  const Pca pca = fit_pca(x, 1);
  EXPECT_NEAR(pca.components[1], 0.0, 1e-12);
  EXPECT_EQ(pca.scale[1], 1.0);
}

TEST(pca, more_components_than_columns_are_all_of_them) {
  EXPECT_EQ(fit_pca(matrix({{1, 2}, {2, 1}}), 9).variances.size(), 2U);
}

TEST(pca, refuses_what_it_cannot_fit) {
  EXPECT_THROW((void)fit_pca(MatrixView{}, 1), Error);
  EXPECT_THROW((void)project(fit_pca(matrix({{1, 2}}), 1), matrix({{1}})), Error);
}

TEST(pca_colors, stretch_the_middle_ninety_six_percent) {
  Matrix x(101, 1);
  for (std::size_t i = 0; i <= 100; ++i) x(i, 0) = static_cast<float>(i);
  const std::vector<Rgb> colors = pca_colors(x);
  EXPECT_EQ(colors[0], (Rgb{0, 128, 128}));
  EXPECT_EQ(colors[2], (Rgb{0, 128, 128}));
  EXPECT_EQ(colors[3], (Rgb{3, 128, 128}));  // 255 / 96
  EXPECT_EQ(colors[50], (Rgb{128, 128, 128}));
  EXPECT_EQ(colors[98], (Rgb{255, 128, 128}));
  EXPECT_EQ(colors[100], (Rgb{255, 128, 128}));
}

TEST(pca_colors, without_spread_everything_is_grey) {
  EXPECT_THAT(pca_colors(matrix({{7, 1}, {7, 1}})), Each(Rgb{128, 128, 128}));
  EXPECT_THAT(pca_colors(matrix({{3}})), Each(Rgb{128, 128, 128}));
  EXPECT_TRUE(pca_colors(MatrixView{}).empty());
}

TEST(pca_colors, same_bytes_for_any_thread_count) {
  const Matrix x = correlated(40000);
  const auto run = [&](int threads) {
    const ThreadLimit limit(threads);
    return pca_colors(x);
  };
  const auto one = run(1);
  EXPECT_EQ(one, run(8));
  EXPECT_GT((std::set<Rgb>(one.begin(), one.end()).size()), 1000U);
}

}  // namespace
}  // namespace ptattn::test
