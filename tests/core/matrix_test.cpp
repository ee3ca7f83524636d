#include "ptattn/core/matrix.hpp"
#include "ptattn/core/clone.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>
#include <utility>

namespace ptattn::test {
namespace {

using testing::ElementsAre;

/// [rows, cols] holding 0, 1, 2, ... row by row.
Matrix counting(std::size_t rows, std::size_t cols) {
  Matrix matrix(rows, cols);
  std::iota(matrix.values().begin(), matrix.values().end(), 0.0F);
  return matrix;
}

TEST(matrix, is_row_major_and_packed) {
  const Matrix m = counting(2, 3);
  EXPECT_EQ(m.rows(), 2U);
  EXPECT_EQ(m.cols(), 3U);
  EXPECT_EQ(m.size(), 6U);
  EXPECT_EQ(m(1, 0), 3.0F);
  EXPECT_EQ(m.row(1), m.data() + 3);
  EXPECT_THAT(m.values(), ElementsAre(0, 1, 2, 3, 4, 5));
}

TEST(matrix, starts_on_a_cache_line) {
  for (const std::size_t cols : {1, 3, 17}) {
    const Matrix m(5, cols);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(m.data()) % 64, 0U);
  }
}

TEST(matrix, may_be_empty) {
  EXPECT_EQ(Matrix().size(), 0U);
  const Matrix no_rows(0, 7);
  EXPECT_EQ(no_rows.cols(), 7U);
  EXPECT_TRUE(no_rows.values().empty());
  EXPECT_TRUE(clone(no_rows).values().empty());
}

TEST(matrix, clone_is_independent) {
  Matrix m = counting(2, 2);
  const Matrix copy = clone(m);
  m(0, 0) = 9.0F;
  EXPECT_THAT(copy.values(), ElementsAre(0, 1, 2, 3));
}

TEST(matrix, moves_without_copying) {
  Matrix m = counting(2, 2);
  const float* const data = m.data();
  const Matrix moved = std::move(m);
  EXPECT_EQ(moved.data(), data);
}

TEST(matrix_view, of_rows_and_columns) {
  const Matrix m = counting(4, 5);
  const MatrixView block = m.view().rows_range(1, 2).cols_range(2, 3);
  EXPECT_EQ(block.rows, 2U);
  EXPECT_EQ(block.cols, 3U);
  EXPECT_EQ(block.stride, 5U);
  EXPECT_EQ(block(0, 0), 7.0F);
  EXPECT_EQ(block(1, 2), 14.0F);
  EXPECT_EQ(block.row(1), m.row(2) + 2);
}

TEST(matrix_view, writes_through) {
  Matrix m = counting(3, 3);
  const MutableMatrixView column = m.view().cols_range(1, 1);
  for (std::size_t i = 0; i < column.rows; ++i) column(i, 0) = -1.0F;
  EXPECT_THAT(m.values(), ElementsAre(0, -1, 2, 3, -1, 5, 6, -1, 8));
  const MutableMatrixView last = m.view().rows_range(2, 1);
  last.row(0)[2] = 7.0F;
  EXPECT_EQ(m(2, 2), 7.0F);
}

TEST(matrix_view, of_a_writable_view_reads_the_same) {
  Matrix m = counting(2, 4);
  const MutableMatrixView writable = m.view().cols_range(1, 2);
  const MatrixView readable = writable;
  EXPECT_EQ(readable.data, writable.data);
  EXPECT_EQ(readable.cols, 2U);
  EXPECT_EQ(readable.stride, 4U);
}

}  // namespace
}  // namespace ptattn::test
