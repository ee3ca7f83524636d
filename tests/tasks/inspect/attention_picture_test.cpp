#include "ptattn/tasks/inspect/attention_picture.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "attention_network.hpp"
#include "ptattn/core/error.hpp"

namespace ptattn::test {
namespace {

using testing::ElementsAre;
using testing::FloatNear;

const AttentionChoice kLayer{.layers = {{"a", 1}}};

/// A 4 x 4 x 4 grid, mixed up.
Matrix grid() {
  Matrix tokens(64, 3);
  for (std::size_t i = 0; i < 64; ++i) {
    const std::size_t place = i * 29 % 64;
    tokens(i, 0) = static_cast<float>(place % 4);
    tokens(i, 1) = static_cast<float>(place / 4 % 4);
    tokens(i, 2) = static_cast<float>(place / 16);
  }
  return tokens;
}

TEST(hilbert_order, walks_from_neighbour_to_neighbour) {
  const Matrix tokens = grid();
  const std::vector<std::uint32_t> order = hilbert_order(tokens);
  std::vector<std::uint32_t> sorted = order;
  std::ranges::sort(sorted);
  for (std::uint32_t i = 0; i < 64; ++i) ASSERT_EQ(sorted[i], i);
  for (std::size_t i = 1; i < 64; ++i) {
    const float* a = tokens.row(order[i - 1]);
    const float* b = tokens.row(order[i]);
    EXPECT_EQ(std::abs(a[0] - b[0]) + std::abs(a[1] - b[1]) + std::abs(a[2] - b[2]), 1.0F) << i;
  }
}

TEST(hilbert_order, one_place_keeps_its_order) {
  Matrix tokens(4, 3);
  std::ranges::fill(tokens.values(), 2.0F);
  EXPECT_THAT(hilbert_order(tokens), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(hilbert_order(Matrix(0, 3)), ElementsAre());
}

TEST(attention_picture, small_matrices_are_only_sorted) {
  const Matrix tokens = grid();
  const Matrix weights = random_weights(64, 3);
  const AttentionPicture picture =
      attention_picture(reporting(tokens, {{"a", groups_of(weights)}}), kLayer, 100);
  const std::vector<std::uint32_t> order = hilbert_order(tokens);
  EXPECT_EQ(picture.tokens, 64U);
  ASSERT_EQ(picture.cells.rows(), 64U);
  ASSERT_EQ(picture.cells.cols(), 64U);
  for (std::size_t i = 0; i < 64; ++i) {
    for (std::size_t j = 0; j < 64; ++j) {
      ASSERT_EQ(picture.cells(i, j), weights(order[i], order[j]));
    }
  }
}

TEST(attention_picture, large_ones_are_averaged_by_area) {
  // Three tokens in two cells: each cell is 2/3 of an outer token and 1/3 of the middle one, so
  // that the identity becomes (4/9 + 1/9, 1/9; 1/9, 1/9 + 4/9).
  Matrix identity(3, 3);
  std::ranges::fill(identity.values(), 0.0F);
  for (std::size_t i = 0; i < 3; ++i) identity(i, i) = 1.0F;
  const Matrix tokens = tokens_on_a_line(3);
  const AttentionPicture picture =
      attention_picture(reporting(tokens, {{"a", groups_of(identity)}}), kLayer, 2);
  EXPECT_EQ(picture.tokens, 3U);
  EXPECT_THAT(picture.cells.values(),
              ElementsAre(FloatNear(5.0F / 9, 1e-6F), FloatNear(1.0F / 9, 1e-6F),
                          FloatNear(1.0F / 9, 1e-6F), FloatNear(5.0F / 9, 1e-6F)));
}

TEST(attention_picture, averaging_keeps_the_mean) {
  const Matrix weights = random_weights(64, 5);
  const TracedPass forward = reporting(grid(), {{"a", groups_of(weights)}});
  for (const std::size_t cells : {1U, 2U, 7U, 63U}) {
    const AttentionPicture picture = attention_picture(forward, kLayer, cells);
    ASSERT_EQ(picture.cells.rows(), cells);
    const double sum =
        std::accumulate(picture.cells.values().begin(), picture.cells.values().end(), 0.0);
    EXPECT_NEAR(sum / static_cast<double>(cells * cells), 1.0 / 64.0, 1e-7);
  }
}

TEST(attention_picture, needs_a_cell) {
  EXPECT_THROW((void)attention_picture(reporting(grid(), {{"a", groups_of(random_weights(64, 1))}}),
                                       kLayer, 0),
               Error);
}

}  // namespace
}  // namespace ptattn::test
