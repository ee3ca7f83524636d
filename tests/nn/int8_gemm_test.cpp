#include "ptattn/nn/kernels/int8_gemm.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "each_target.hpp"
#include "matrices.hpp"
#include "ptattn/core/clone.hpp"
#include "ptattn/nn/kernels/gemm.hpp"
#include "ptattn/nn/kernels/int8_quantize.hpp"

namespace ptattn::test {
namespace {

struct Shape {
  std::size_t m, k, n;
};

ByteRowsView random_bytes(std::size_t rows, std::size_t cols, std::uint64_t seed,
                          ScratchMemory& scratch) {
  Random random(seed);
  const MutableByteRowsView bytes = byte_rows(rows, cols, scratch);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t k = 0; k < cols; ++k) {
      bytes.row(i)[k] = static_cast<std::uint8_t>(random.uniform() * 128.0);
    }
    bytes.scale[i] = 1.0F;
    bytes.zero[i] = static_cast<std::int32_t>(random.uniform() * 128.0);
  }
  return bytes;
}

/// sum_k (a[i, k] - zero[i]) b[k, j]
std::int64_t exact_sum(const ByteRowsView& a, const Int8Matrix& b, std::size_t i, std::size_t j) {
  std::int64_t sum = 0;
  for (std::size_t k = 0; k < b.rows(); ++k) {
    sum += (std::int64_t{a.row(i)[k]} - a.zero[i]) * b.value(k, j);
  }
  return sum;
}

/// Weights that are whole numbers already, with a scale of one, as each column's largest is 127.
/// Sums of them stay below 2^24, which float32 holds exactly.
Int8Matrix whole_weights(std::size_t k, std::size_t n, std::uint64_t seed) {
  Matrix b = random_matrix(k, n, seed, 30.0);
  for (float& w : b.values()) w = std::round(w);
  for (std::size_t j = 0; j < n; ++j) {
    for (std::size_t i = 0; i < std::min<std::size_t>(k, 16); ++i) b(i, j) = 0.0F;
    b(seed % std::min<std::size_t>(k, 16), j) = j % 2 == 0 ? 127.0F : -127.0F;
  }
  return Int8Matrix(PackedMatrix::from_rows(b));
}

void expect_exact(Shape s, std::size_t gap, std::size_t shift) {
  SCOPED_TRACE(testing::Message() << s.m << " x " << s.k << " x " << s.n << ", gap " << gap
                                  << ", shift " << shift);
  ScratchMemory scratch;
  const ByteRowsView a = random_bytes(s.m, s.k, 1, scratch);
  const Int8Matrix b = whole_weights(s.k, s.n, 2);
  Embedded c(s.m, s.n, gap, shift);
  int8_gemm(a, b, 0, b.panels(), {}, c.view());
  EXPECT_TRUE(c.surroundings_intact());
  std::vector<float> largest(s.n + 1, -77.0F);
  int8_gemm_max(a, b, 0, b.panels(), {}, largest.data());
  for (std::size_t j = 0; j < s.n; ++j) {
    ASSERT_EQ(b.scales()[j], 1.0F);
    float expected = -std::numeric_limits<float>::infinity();
    for (std::size_t i = 0; i < s.m; ++i) {
      const auto sum = static_cast<float>(exact_sum(a, b, i, j));
      ASSERT_EQ(c.view()(i, j), sum) << i << ", " << j;
      expected = std::max(expected, sum);
    }
    ASSERT_EQ(largest[j], expected) << j;
  }
  EXPECT_EQ(largest[s.n], -77.0F);
}

TEST(int8_gemm, hand_computed) {
  // Columns (127, 1) and (-2, 127), inputs (3, 5) and (1, 0) with zeros 1 and 0.
  Matrix b(2, 2);
  b(0, 0) = 127, b(1, 0) = 1, b(0, 1) = -2, b(1, 1) = 127;
  const Int8Matrix weights(PackedMatrix::from_rows(b));
  ScratchMemory scratch;
  const MutableByteRowsView a = byte_rows(2, 2, scratch);
  a.row(0)[0] = 3, a.row(0)[1] = 5, a.scale[0] = 0.5F, a.zero[0] = 1;
  a.row(1)[0] = 1, a.row(1)[1] = 0, a.scale[1] = 2.0F, a.zero[1] = 0;
  Matrix c(2, 2);
  int8_gemm(a, weights, 0, 1, {}, c);
  EXPECT_EQ(c(0, 0), 129.0F);  // (2 127 + 4 1) / 2
  EXPECT_EQ(c(0, 1), 252.0F);  // (2 -2 + 4 127) / 2
  EXPECT_EQ(c(1, 0), 254.0F);  // 2 (1 127)
  EXPECT_EQ(c(1, 1), -4.0F);   // 2 (1 -2)

  const std::vector<float> bias{-200.0F, 1.0F};
  Matrix residual(2, 2);
  std::ranges::fill(residual.values(), 1000.0F);
  int8_gemm(a, weights, 0, 1, {bias.data(), Activation::kRelu, residual}, c);
  EXPECT_EQ(c(0, 0), 1000.0F);
  EXPECT_EQ(c(0, 1), 1253.0F);
  EXPECT_EQ(c(1, 0), 1054.0F);
  EXPECT_EQ(c(1, 1), 1000.0F);
  std::vector<float> largest(2);
  int8_gemm_max(a, weights, 0, 1, {bias.data(), Activation::kLeakyRelu, {}}, largest.data());
  EXPECT_EQ(largest, (std::vector<float>{54.0F, 253.0F}));
}

TEST(int8_gemm, sums_are_exact_on_every_cpu_level) {
  for_each_level([] {
    // Around the register tiles, panels and steps of the kernel.
    for (const std::size_t m : {1, 2, 3, 4, 5, 6, 7, 13, 14, 15, 29, 57}) {
      expect_exact({m, 32, 33}, 0, 0);
    }
    for (const std::size_t n : {1, 3, 15, 16, 17, 31, 32, 40, 64, 65}) {
      expect_exact({15, 20, n}, 3, 1);
    }
    for (const std::size_t k : {1, 2, 4, 15, 16, 17, 31, 128, 600, 1000}) {
      expect_exact({7, k, 35}, 5, 3);
    }
    // Around the blocks of AMX, 32 rows of whole multiples of 64 terms.
    for (const std::size_t m : {31, 32, 33, 64, 100}) {
      for (const std::size_t k : {63, 64, 65, 128, 200, 1280}) expect_exact({m, k, 70}, 2, 1);
    }
  });
}

TEST(int8_gemm, no_sum_overflows) {
  // The largest inputs with weights that use up what a run allows, of either sign.
  for_each_level([] {
    for (const float sign : {1.0F, -1.0F}) {
      for (const double spread : {0.0, 0.5, 3.0}) {
        Matrix b = random_matrix(96, 32, 5, spread);
        for (float& w : b.values()) w = sign * (1.0F + std::abs(w));
        const Int8Matrix weights(PackedMatrix::from_rows(b));
        ScratchMemory scratch;
        const MutableByteRowsView a = byte_rows(5, 96, scratch);
        for (std::size_t i = 0; i < 5; ++i) {
          std::fill_n(a.row(i), 96, std::uint8_t{127});
          a.scale[i] = 1.0F;
          a.zero[i] = 0;
        }
        Matrix c(5, 32);
        int8_gemm(a, weights, 0, 1, {}, c);
        for (std::size_t j = 0; j < 32; ++j) {
          const auto sum = static_cast<float>(exact_sum(a, weights, 0, j));
          EXPECT_GT(std::abs(sum), 127.0F * 96.0F * 12.0F) << "the limit was not used";
          EXPECT_EQ(c(4, j), sum * weights.scales()[j]) << sign << " " << spread << " " << j;
        }
      }
    }
  });
}

TEST(int8_gemm, splitting_rows_and_panels_changes_no_bit) {
  for_each_level([] {
    ScratchMemory scratch;
    const ByteRowsView a = random_bytes(45, 300, 1, scratch);
    const Int8Matrix b(PackedMatrix::from_rows(random_matrix(300, 100, 2)));
    const Matrix bias = random_matrix(1, 100, 3);
    const Epilogue epilogue{bias.data(), Activation::kGelu, {}};
    Matrix whole(45, 100);
    int8_gemm(a, b, 0, b.panels(), epilogue, whole);
    for (const std::size_t step : {1, 4, 13, 16}) {
      Matrix parts(45, 100);
      for (std::size_t i = 0; i < 45; i += step) {
        const std::size_t rows = std::min(step, 45 - i);
        for (std::size_t p = 0; p < b.panels(); ++p) {
          int8_gemm(a.rows_range(i, rows), b, p, p + 1, epilogue, parts.view().rows_range(i, rows));
        }
      }
      EXPECT_TRUE(same_bytes(parts, whole)) << "rows at a time: " << step;
    }
  });
}

TEST(int8_gemm_add, adds_the_rows_of_the_product_where_they_belong) {
  for_each_level([] {
    for (const std::size_t m : {1, 13, 15, 32, 70}) {
      for (const std::size_t n : {3, 16, 32, 36, 48, 75}) {
        ScratchMemory scratch;
        const ByteRowsView a = random_bytes(m, 64, 1, scratch);
        const Int8Matrix b(PackedMatrix::from_rows(random_matrix(64, n, 2)));
        Matrix product(m, n);
        int8_gemm(a, b, 0, b.panels(), {}, product);
        std::vector<std::uint16_t> targets(m);
        for (std::size_t i = 0; i < m; ++i) targets[i] = static_cast<std::uint16_t>(2 * i + i % 2);
        Embedded c(2 * m, n, 3, 1);
        fill(c.view(), 3);
        Matrix expected = clone(c.view());
        for (std::size_t i = 0; i < m; ++i) {
          for (std::size_t j = 0; j < n; ++j) expected(targets[i], j) += product(i, j);
        }
        int8_gemm_add(a, b, 0, b.panels(), targets, c.view());
        EXPECT_TRUE(c.surroundings_intact()) << m << ", " << n;
        EXPECT_TRUE(same_bytes(c.view(), expected)) << m << ", " << n;
      }
    }
  });
}

TEST(gemm, with_weights_in_8_bits_quantises_its_rows) {
  for_each_level([] {
    const Matrix a = random_matrix(14, 37, 1);
    PackedMatrix b = PackedMatrix::from_rows(random_matrix(37, 75, 2));
    const Int8Matrix weights(b);
    b.quantize();
    ASSERT_TRUE(b.is_int8());
    ScratchMemory scratch;
    const MutableByteRowsView rows = byte_rows(14, 37, scratch);
    quantize_rows(a, 0, rows);
    const Matrix bias = random_matrix(1, 75, 3);
    const Epilogue epilogue{bias.data(), Activation::kGelu, {}};
    Matrix expected(14, 75);
    int8_gemm(rows, weights, 0, weights.panels(), epilogue, expected);
    Matrix c(14, 75);
    gemm(a, b, 0, b.panels(), epilogue, c);
    EXPECT_TRUE(same_bytes(c, expected));

    std::vector<std::uint16_t> targets(14);
    for (std::size_t i = 0; i < 14; ++i) targets[i] = static_cast<std::uint16_t>(13 - i);
    Matrix sum = random_matrix(14, 75, 4);
    Matrix expected_sum = clone(sum);
    int8_gemm_add(rows, weights, 0, weights.panels(), targets, expected_sum);
    gemm_add(a, b, 0, b.panels(), targets, sum);
    EXPECT_TRUE(same_bytes(sum, expected_sum));

    Matrix largest(2, 75);
    gemm_max(a, b, 0, b.panels(), {}, largest);
    Matrix expected_largest(2, 75);
    for (std::size_t g = 0; g < 2; ++g) {
      int8_gemm_max(ByteRowsView(rows).rows_range(7 * g, 7), weights, 0, weights.panels(), {},
                    expected_largest.row(g));
    }
    EXPECT_TRUE(same_bytes(largest, expected_largest));
  });
}

TEST(int8_matrix, weights_are_within_half_a_step_and_runs_within_their_limit) {
  const Matrix b = random_matrix(100, 40, 7);
  const Int8Matrix q(PackedMatrix::from_rows(b));
  ASSERT_EQ(q.depth(), 112U);
  for (std::size_t j = 0; j < 40; ++j) {
    const float scale = q.scales()[j];
    EXPECT_LE(scale, 3.0F / 127.0F);
    std::int32_t sum = 0;
    for (std::size_t k = 0; k < 100; ++k) {
      EXPECT_LE(std::abs(static_cast<float>(q.value(k, j)) * scale - b(k, j)), 0.5001F * scale);
      sum += q.value(k, j);
    }
    EXPECT_EQ(q.sums()[j], sum);
    for (std::size_t step = 0; step < 100; step += 16) {
      for (const std::size_t half : {0, 2}) {
        int positive = 0;
        int negative = 0;
        for (const std::size_t row : {0, 1, 4, 5, 8, 9, 12, 13}) {
          const std::size_t k = step + half + row;
          const int w = k < 100 ? q.value(k, j) : 0;
          (w > 0 ? positive : negative) += w;
        }
        EXPECT_LE(positive, Int8Matrix::kMaxRun);
        EXPECT_GE(negative, -Int8Matrix::kMaxRun);
      }
    }
  }
}

TEST(int8_matrix, a_lone_weight_uses_all_eight_bits_and_zeros_stay_zero) {
  Matrix b(3, 2);
  std::ranges::fill(b.values(), 0.0F);
  b(1, 0) = -0.25F;
  const Int8Matrix q(PackedMatrix::from_rows(b));
  EXPECT_EQ(q.value(1, 0), -127);
  EXPECT_FLOAT_EQ(q.scales()[0], 0.25F / 127.0F);
  for (std::size_t k = 0; k < 3; ++k) EXPECT_EQ(q.value(k, 1), 0);
}

}  // namespace
}  // namespace ptattn::test
