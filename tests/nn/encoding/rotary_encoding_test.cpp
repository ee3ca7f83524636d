#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "each_target.hpp"
#include "matrices.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/encoding/rotary_encoding.hpp"

namespace ptattn::test {
namespace {

double dot(MatrixView a, std::size_t i, MatrixView b, std::size_t j) {
  double sum = 0.0;
  for (std::size_t c = 0; c < a.cols; ++c) sum += double{a(i, c)} * b(j, c);
  return sum;
}

Matrix angles_of(MatrixView positions, std::size_t head_channels, double base = 10.0) {
  Matrix angles(positions.rows, head_channels);
  rotary_angles(positions, base, angles);
  return angles;
}

/// Queries or keys of one head at the given positions.
Matrix rotated(MatrixView x, MatrixView positions) {
  Matrix out(x.rows, x.cols);
  for (std::size_t i = 0; i < x.rows; ++i) std::copy_n(x.row(i), x.cols, out.row(i));
  rotate(angles_of(positions, x.cols), positions.cols, out);
  return out;
}

TEST(rotary_encoding, hand_computed) {
  // One axis, four channels, base 100: angles x and x / 10; pairs are channels (0, 2) and (1, 3).
  Matrix position(1, 1);
  position(0, 0) = 2.0F;
  const Matrix angles = angles_of(position, 4, 100.0);
  EXPECT_NEAR(angles(0, 0), std::sin(2.0), 2e-7);
  EXPECT_NEAR(angles(0, 1), std::cos(2.0), 2e-7);
  EXPECT_NEAR(angles(0, 2), std::sin(0.2), 2e-7);
  EXPECT_NEAR(angles(0, 3), std::cos(0.2), 2e-7);
  Matrix x(1, 4);
  x(0, 0) = 1.0F, x(0, 1) = 0.0F, x(0, 2) = 3.0F, x(0, 3) = 5.0F;
  rotate(angles, 1, x);
  EXPECT_NEAR(x(0, 0), std::cos(2.0) - 3.0 * std::sin(2.0), 1e-6);
  EXPECT_NEAR(x(0, 2), 3.0 * std::cos(2.0) + std::sin(2.0), 1e-6);
  EXPECT_NEAR(x(0, 1), -5.0 * std::sin(0.2), 1e-6);
  EXPECT_NEAR(x(0, 3), 5.0 * std::cos(0.2), 1e-6);
}

TEST(rotary_encoding, equals_its_scalar_twin_on_every_cpu_level) {
  for_each_target([] {
    for (const std::size_t half : {1, 3, 8, 13}) {
      const std::size_t width = 2 * half;
      const std::size_t head = 3 * width;
      const Matrix positions = random_matrix(5, 3, 1, 20.0);
      const Matrix before = random_matrix(5, 2 * head, 2);
      Embedded x(5, 2 * head, 5, 1);
      fill(x.view(), 2);
      rotate(angles_of(positions, head), 3, x.view());
      for (std::size_t i = 0; i < 5; ++i) {
        for (std::size_t c = 0; c < 2 * head; ++c) {
          const std::size_t axis = c % head / width;
          const std::size_t j = c % width % half;
          const double angle = positions(i, axis) * std::pow(10.0, -2.0 * static_cast<double>(j) /
                                                                       static_cast<double>(width));
          const bool low = c % width < half;
          const double other = low ? -double{before(i, c + half)} : double{before(i, c - half)};
          const double expected = before(i, c) * std::cos(angle) + other * std::sin(angle);
          ASSERT_NEAR(x.view()(i, c), expected, 1e-6);
        }
      }
      EXPECT_TRUE(x.surroundings_intact());
    }
  });
}

TEST(rotary_encoding, products_depend_on_relative_positions_alone) {
  const Matrix q = random_matrix(1, 36, 1);
  const Matrix k = random_matrix(1, 36, 2);
  Matrix p = random_matrix(2, 3, 3, 4.0);
  const auto score = [&] {
    return dot(rotated(q, p.view().rows_range(0, 1)), 0, rotated(k, p.view().rows_range(1, 1)), 0);
  };
  const double here = score();
  for (float& coordinate : p.values()) coordinate += 8.0F;
  EXPECT_NEAR(score(), here, 1e-5);
  p(1, 2) += 1.0F;
  EXPECT_GT(std::abs(score() - here), 1e-3);
}

TEST(rotary_encoding, keeps_lengths_and_leaves_the_origin_alone) {
  const Matrix x = random_matrix(20, 24, 1);
  const Matrix far = rotated(x, random_matrix(20, 3, 3, 100.0));
  for (std::size_t i = 0; i < 20; ++i) EXPECT_NEAR(dot(far, i, far, i), dot(x, i, x, i), 1e-5);
  EXPECT_TRUE(same_bytes(rotated(x, random_matrix(20, 3, 3, 0.0)), x));
}

TEST(rotary_encoding, same_bytes_for_any_thread_count) {
  const Matrix positions = random_matrix(2000, 3, 1, 5.0);
  const Matrix x = random_matrix(2000, 30, 2);
  const auto with_threads = [&](int threads) {
    const ThreadLimit limit(threads);
    return rotated(x, positions);
  };
  EXPECT_TRUE(same_bytes(with_threads(1), with_threads(8)));
}

TEST(rotary_encoding, refuses_what_does_not_fit) {
  const Matrix positions = random_matrix(4, 3, 1);
  for (const std::size_t channels : {0, 3, 5, 8}) {
    EXPECT_THROW((void)angles_of(positions, channels), Error) << channels;
  }
  EXPECT_THROW((void)angles_of(Matrix(4, 0), 6), Error);
  EXPECT_THROW((void)angles_of(positions, 6, 0.0), Error);
  const Matrix angles = angles_of(positions, 6);
  Matrix x = random_matrix(4, 12, 1);
  EXPECT_NO_THROW(rotate(angles, 3, x));
  EXPECT_THROW(rotate(angles, 2, x), Error);
  EXPECT_THROW(rotate(angles, 0, x), Error);
  Matrix wide = random_matrix(4, 13, 1);
  EXPECT_THROW(rotate(angles, 3, wide), Error);
  Matrix tall = random_matrix(5, 12, 1);
  EXPECT_THROW(rotate(angles, 3, tall), Error);
  Matrix none(0, 12);
  EXPECT_NO_THROW(rotate(angles_of(Matrix(0, 3), 6), 3, none));
}

}  // namespace
}  // namespace ptattn::test
