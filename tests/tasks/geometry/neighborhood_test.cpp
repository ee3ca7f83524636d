#include "ptattn/tasks/geometry/neighborhood.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "ptattn/cloud/rows.hpp"
#include "ptattn/core/error.hpp"

namespace ptattn::test {
namespace {

using testing::ElementsAre;

const std::vector<Position> kLine{{10, 0, 0}, {11, 0, 0}, {12, 0, 0}, {14, 0, 0}};

TEST(neighborhood, the_k_nearest_or_those_within_the_radius) {
  const Matrix points = rows_relative_to({12, 0, 0}, kLine);
  const KdTree tree(points);
  const MatrixView second = points.view().rows_range(1, 1);
  EXPECT_THAT(neighbors_in(tree, second, {.k = 3}).indices, ElementsAre(1, 0, 2));
  EXPECT_THAT(neighbors_in(tree, second, {.k = 9}).indices, ElementsAre(1, 0, 2, 3));
  EXPECT_THAT(neighbors_in(tree, second, {.k = 4, .radius = 1.5}).indices,
              ElementsAre(1, 0, 2, kNoIndex));
  EXPECT_THAT(neighbors_in(tree, second, {.k = 2, .radius = 1.5}).indices, ElementsAre(1, 0));
  EXPECT_THROW((void)neighbors_in(tree, second, {.k = 0}), Error);
  EXPECT_THROW((void)neighbors_in(tree, second, {.k = 0, .radius = 1.0}), Error);
  EXPECT_THROW((void)neighbors_in(tree, second, {.radius = -1.0}), Error);
  EXPECT_THROW(
      (void)neighbors_in(tree, second, {.radius = std::numeric_limits<double>::quiet_NaN()}),
      Error);
}

TEST(neighborhood, rows_are_spread_evenly) {
  EXPECT_THAT(spread_rows(3, 10), ElementsAre(0, 1, 2));
  EXPECT_THAT(spread_rows(10, 4), ElementsAre(0, 2, 5, 7));
  EXPECT_TRUE(spread_rows(0, 4).empty());
}

}  // namespace
}  // namespace ptattn::test
