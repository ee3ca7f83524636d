#include "ptattn/nn/kernels/gemm.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "each_target.hpp"
#include "matrices.hpp"
#include "ptattn/core/clone.hpp"

namespace ptattn::test {
namespace {

float activated(Activation activation, float x) {
  if (activation == Activation::kRelu) return x > 0.0F ? x : 0.0F;
  if (activation == Activation::kLeakyRelu) return x > 0.0F ? x : kLeakyReluSlope * x;
  if (activation == Activation::kGelu) return 0.5F * x * (1.0F + std::erf(x / std::sqrt(2.0F)));
  return x;
}

/// The definition, in float64. `bound` receives the sum of magnitudes, to which errors relate.
double twin(MatrixView a, MatrixView b, const Epilogue& epilogue, std::size_t i, std::size_t j,
            double& bound) {
  double sum = 0.0;
  bound = 1.0;
  for (std::size_t k = 0; k < a.cols; ++k) {
    sum += double{a(i, k)} * b(k, j);
    bound += std::abs(double{a(i, k)} * b(k, j));
  }
  if (epilogue.bias != nullptr) sum += epilogue.bias[j];
  sum = activated(epilogue.activation, static_cast<float>(sum));
  return epilogue.residual.data == nullptr ? sum : sum + epilogue.residual(i, j);
}

struct Shape {
  std::size_t m, k, n;
};

void expect_twin(Shape s, std::size_t gap, std::size_t shift, Activation activation) {
  SCOPED_TRACE(testing::Message() << s.m << " x " << s.k << " x " << s.n << ", gap " << gap
                                  << ", shift " << shift);
  Embedded a(s.m, s.k, gap, shift);
  fill(a.view(), 1);
  const Matrix b = random_matrix(s.k, s.n, 2);
  const Matrix bias = random_matrix(1, s.n, 3);
  Embedded residual(s.m, s.n, gap, shift);
  fill(residual.view(), 4);
  const PackedMatrix packed = PackedMatrix::from_rows(b);
  // With everything, and with nothing.
  for (const Epilogue& epilogue :
       {Epilogue{bias.data(), activation, residual.view()}, Epilogue{}}) {
    Embedded c(s.m, s.n, gap, shift);
    gemm(a.view(), packed, 0, packed.panels(), epilogue, c.view());
    EXPECT_TRUE(c.surroundings_intact());
    for (std::size_t i = 0; i < s.m; ++i) {
      for (std::size_t j = 0; j < s.n; ++j) {
        double bound = 0.0;
        const double expected = twin(a.view(), b, epilogue, i, j, bound);
        ASSERT_NEAR(c.view()(i, j), expected, 1e-6 * bound) << i << ", " << j;
      }
    }
  }
}

TEST(gemm, hand_computed) {
  Matrix a(2, 2);
  Matrix b(2, 1);
  Matrix residual(2, 1);
  const float bias = -10.0F;
  a(0, 0) = 1, a(0, 1) = 2, a(1, 0) = 3, a(1, 1) = 4;
  b(0, 0) = 5, b(1, 0) = 6;
  residual(0, 0) = 100, residual(1, 0) = 200;
  Matrix c(2, 1);
  gemm(a, PackedMatrix::from_rows(b), 0, 1, {&bias, Activation::kNone, residual}, c);
  EXPECT_EQ(c(0, 0), 107.0F);  // 5 + 12 - 10 + 100
  EXPECT_EQ(c(1, 0), 229.0F);  // 15 + 24 - 10 + 200

  const float low = -27.0F;
  gemm(a, PackedMatrix::from_rows(b), 0, 1, {&low, Activation::kLeakyRelu, residual}, c);
  EXPECT_EQ(c(0, 0), 98.0F);   // 0.2 (17 - 27) + 100
  EXPECT_EQ(c(1, 0), 212.0F);  // 39 - 27 + 200
}

TEST(gemm, equals_its_scalar_twin_on_every_cpu_level) {
  for_each_target([] {
    // Around the register tiles, panels and depth blocks of the kernel.
    for (const std::size_t m : {1, 2, 5, 6, 7, 13, 14, 15, 29, 43}) {
      expect_twin({m, 9, 33}, 0, 0, Activation::kRelu);
    }
    for (const std::size_t n : {1, 3, 16, 17, 31, 32, 40, 48, 64, 65}) {
      expect_twin({15, 10, n}, 3, 1, Activation::kLeakyRelu);
    }
    for (const std::size_t k : {1, 2, 255, 256, 257, 600}) {
      expect_twin({7, k, 35}, 5, 3, Activation::kNone);
      expect_twin({8, k, 36}, 3, 1, Activation::kGelu);
    }
  });
}

TEST(gemm, product_of_no_terms_is_the_epilogue) {
  for_each_target([] {
    const Matrix bias = random_matrix(1, 40, 1);
    Matrix c(3, 40);
    gemm(Matrix(3, 0), PackedMatrix::from_rows(Matrix(0, 40)), 0, 2,
         {bias.data(), Activation::kNone, {}}, c);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_TRUE(same_bytes(c.view().rows_range(i, 1), bias));
    }
  });
}

TEST(gemm, splitting_rows_and_panels_changes_no_bit) {
  for_each_target([] {
    const Matrix a = random_matrix(45, 300, 1);
    const PackedMatrix b = PackedMatrix::from_rows(random_matrix(300, 100, 2));
    Matrix whole(45, 100);
    gemm(a, b, 0, b.panels(), {}, whole);
    for (const std::size_t step : {1, 4, 13, 16}) {
      Matrix parts(45, 100);
      for (std::size_t i = 0; i < a.rows(); i += step) {
        const std::size_t rows = std::min(step, a.rows() - i);
        for (std::size_t p = 0; p < b.panels(); ++p) {
          gemm(a.view().rows_range(i, rows), b, p, p + 1, {}, parts.view().rows_range(i, rows));
        }
      }
      EXPECT_TRUE(same_bytes(parts, whole)) << "rows at a time: " << step;
    }
  });
}

/// The definition: gemm, then the largest row of each group.
Matrix largest_rows(MatrixView a, const PackedMatrix& b, const Epilogue& epilogue,
                    std::size_t group) {
  Matrix all(a.rows, b.cols());
  gemm(a, b, 0, b.panels(), epilogue, all);
  Matrix largest(a.rows / group, b.cols());
  for (std::size_t i = 0; i < a.rows; ++i) {
    for (std::size_t j = 0; j < b.cols(); ++j) {
      float& x = largest(i / group, j);
      if (i % group == 0 || all(i, j) > x) x = all(i, j);
    }
  }
  return largest;
}

TEST(gemm_add, hand_computed) {
  Matrix a(2, 1);
  a(0, 0) = 2, a(1, 0) = 3;
  Matrix b(1, 2);
  b(0, 0) = 10, b(0, 1) = -1;
  Matrix c(3, 2);
  std::ranges::fill(c.values(), 0.5F);
  gemm_add(a, PackedMatrix::from_rows(b), 0, 1, std::array<std::uint16_t, 2>{2, 0}, c);
  EXPECT_THAT(c.values(), testing::ElementsAre(30.5F, -2.5F, 0.5F, 0.5F, 20.5F, -1.5F));
}

TEST(gemm_add, has_the_bits_of_gemm_and_an_addition) {
  for_each_target([] {
    // Rows around the register tiles, columns around vectors and panels, depths beyond a block.
    for (const std::size_t m : {1, 6, 13, 15, 57}) {
      for (const std::size_t n : {5, 16, 32, 48, 75}) {
        SCOPED_TRACE(testing::Message() << m << " rows, " << n << " columns");
        const std::size_t k = m == 15 ? 600 : 19;
        Embedded a(m, k, 3, 1);
        fill(a.view(), 1);
        const PackedMatrix b = PackedMatrix::from_rows(random_matrix(k, n, 2));
        std::vector<std::uint16_t> places(m);
        for (std::size_t i = 0; i < m; ++i)
          places[i] = static_cast<std::uint16_t>((i * 7) % (m + 4));
        std::ranges::sort(places);
        places.erase(std::unique(places.begin(), places.end()), places.end());
        const MatrixView listed = MatrixView(a.view()).rows_range(0, places.size());
        Matrix product(places.size(), n);
        gemm(listed, b, 0, b.panels(), {}, product);
        Embedded c(m + 4, n, 5, 3);
        fill(c.view(), 4);
        Matrix expected = ptattn::clone(c.view());
        gemm_add(listed, b, 0, b.panels(), places, c.view());
        EXPECT_TRUE(c.surroundings_intact());
        for (std::size_t i = 0; i < places.size(); ++i) {
          for (std::size_t j = 0; j < n; ++j) expected(places[i], j) += product(i, j);
        }
        EXPECT_TRUE(same_bytes(c.view(), expected));
      }
    }
  });
}

TEST(gemm_add, leaves_columns_of_other_panels) {
  for_each_target([] {
    const Matrix a = random_matrix(4, 3, 1);
    const PackedMatrix b = PackedMatrix::from_rows(random_matrix(3, 70, 2));
    Matrix c = random_matrix(4, 70, 3);
    const Matrix before = clone(c);
    gemm_add(a, b, 1, 2, std::array<std::uint16_t, 4>{0, 1, 2, 3}, c);
    for (std::size_t i = 0; i < 4; ++i) {
      for (std::size_t j = 0; j < 70; ++j) {
        EXPECT_EQ(c(i, j) == before(i, j), j < 32 || j >= 64) << i << ", " << j;
      }
    }
  });
}

TEST(gemm_max, hand_computed) {
  Matrix a(4, 1);
  a(0, 0) = 1, a(1, 0) = 3, a(2, 0) = -2, a(3, 0) = -1;
  Matrix b(1, 2);
  b(0, 0) = 2, b(0, 1) = -1;
  const std::array bias{-1.0F, 0.5F};
  Matrix out(2, 2);
  gemm_max(a, PackedMatrix::from_rows(b), 0, 1, {bias.data(), Activation::kLeakyRelu, {}}, out);
  EXPECT_EQ(out(0, 0), 5.0F);   // max(2, 6) - 1
  EXPECT_EQ(out(0, 1), -0.1F);  // 0.2 (max(-1, -3) + 0.5)
  EXPECT_EQ(out(1, 0), -0.6F);  // 0.2 (max(-4, -2) - 1)
  EXPECT_EQ(out(1, 1), 2.5F);   // max(2, 1) + 0.5
}

TEST(gemm_max, has_the_bits_of_gemm_and_a_maximum) {
  for_each_target([] {
    // Groups around the register tiles, columns around the panels, depths beyond a block of gemm.
    for (const std::size_t group : {1, 2, 6, 7, 14, 15, 32, 57}) {
      for (const std::size_t n : {5, 32, 75}) {
        SCOPED_TRACE(testing::Message() << "groups of " << group << ", " << n << " columns");
        const std::size_t k = group == 15 ? 600 : 19;
        Embedded a(3 * group, k, 3, 1);
        fill(a.view(), 1);
        const PackedMatrix b = PackedMatrix::from_rows(random_matrix(k, n, 2));
        const Matrix bias = random_matrix(1, n, 3);
        for (const Epilogue& epilogue :
             {Epilogue{bias.data(), Activation::kLeakyRelu, {}}, Epilogue{}}) {
          Embedded out(3, n, 5, 3);
          gemm_max(a.view(), b, 0, b.panels(), epilogue, out.view());
          EXPECT_TRUE(out.surroundings_intact());
          EXPECT_TRUE(same_bytes(out.view(), largest_rows(a.view(), b, epilogue, group)));
        }
      }
    }
  });
}

TEST(packed_matrix, from_transposed_is_from_rows_of_the_transpose) {
  const Matrix b = random_matrix(7, 45, 1);
  Matrix transpose(45, 7);
  for (std::size_t i = 0; i < 7; ++i) {
    for (std::size_t j = 0; j < 45; ++j) transpose(j, i) = b(i, j);
  }
  const PackedMatrix rows = PackedMatrix::from_rows(b);
  const PackedMatrix transposed = PackedMatrix::from_transposed(transpose);
  ASSERT_EQ(rows.panels(), 2U);
  ASSERT_EQ(transposed.rows(), 7U);
  ASSERT_EQ(transposed.cols(), 45U);
  EXPECT_TRUE(same_packed(rows, transposed));
  ScratchMemory scratch;
  EXPECT_TRUE(same_packed(packed_transpose(transpose, scratch), transposed));
  EXPECT_EQ(rows.panel(0)[2 * PackedMatrix::kPanel + 5], b(2, 5));
  EXPECT_EQ(rows.panel(1)[PackedMatrix::kPanel - 1], 0.0F);  // beyond the last column
}

}  // namespace
}  // namespace ptattn::test
