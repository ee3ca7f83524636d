// KdTree::within_radius against its definition.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "each_target.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/neighbors/kd_tree.hpp"
#include "shapes.hpp"

namespace ptattn::test {
namespace {

using testing::Each;
using testing::ElementsAre;

/// The definition: sort all that are within the radius, cut, fill up.
std::vector<std::uint32_t> scalar_twin(MatrixView points, MatrixView queries, float radius,
                                       std::size_t limit) {
  std::vector<std::uint32_t> table;
  const std::size_t k = std::min(limit, points.rows);
  for (std::size_t q = 0; q < queries.rows; ++q) {
    std::vector<std::pair<float, std::uint32_t>> within;
    for (std::uint32_t i = 0; i < points.rows; ++i) {
      const float d2 = squared_distance(points.row(i), queries.row(q));
      if (d2 <= radius * radius) within.emplace_back(d2, i);
    }
    std::ranges::sort(within);
    for (std::size_t j = 0; j < k; ++j) {
      table.push_back(j < within.size() ? within[j].second : kNoIndex);
    }
  }
  return table;
}

void expect_exact(MatrixView points, std::size_t step) {
  const KdTree tree(points);
  Matrix queries((points.rows + step - 1) / step, 3);
  for (std::size_t q = 0; q < queries.rows(); ++q) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      queries(q, axis) = q % 2 == 0 ? points(q * step, axis) : 0.75F * points(q * step, axis);
    }
  }
  for (const float radius :
       {0.0F, 0.05F, 0.25F, 0.6F, 1e19F, 3e38F, std::numeric_limits<float>::infinity()}) {
    for (const std::size_t limit : {1, 7, 32, 1000}) {
      SCOPED_TRACE("radius " + std::to_string(radius) + ", limit " + std::to_string(limit));
      ASSERT_EQ(tree.within_radius(queries, radius, limit).indices,
                scalar_twin(points, queries, radius, limit));
    }
  }
}

Matrix uniform(std::size_t n) {
  return generate(n, [](auto& random, auto, auto) { return random.uniform(); });
}

TEST(within_radius, hand_computed) {
  Matrix points(4, 3);
  std::ranges::copy(std::initializer_list<float>{0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 1},
                    points.values().begin());
  const KdTree tree(points);
  const MatrixView origin = points.view().rows_range(0, 1);
  const IndexTable table = tree.within_radius(origin, 2.0F, 10);
  EXPECT_EQ(table.k, 4U);
  EXPECT_THAT(table.indices, ElementsAre(0, 3, 2, kNoIndex));  // the edge belongs to the ball
  EXPECT_THAT(tree.within_radius(origin, 1.999F, 3).indices, ElementsAre(0, 3, kNoIndex));
  EXPECT_THAT(tree.within_radius(origin, 9.0F, 2).indices, ElementsAre(0, 3));
  EXPECT_THAT(tree.within_radius(origin, 0.0F, 1).indices, ElementsAre(0));
}

TEST(within_radius, equals_the_definition_on_every_cpu_level) {
  for_each_target([] {
    for (const std::size_t n : {1, 2, 16, 17, 33, 513, 1025}) {
      for (const Shape& shape : shapes(n)) {
        SCOPED_TRACE(shape.name + ", n = " + std::to_string(n));
        expect_exact(shape.points, n / 5 + 1);
      }
    }
  });
}

TEST(within_radius, equals_the_definition_on_large_clouds) {
  for (const Shape& shape : shapes(8193)) {
    SCOPED_TRACE(shape.name);
    expect_exact(shape.points, 2000);
  }
}

TEST(within_radius, an_empty_ball_has_no_neighbours) {
  const Matrix points = uniform(5000);
  Matrix away(3, 3);
  for (float& x : away.values()) x = 50.0F;
  EXPECT_THAT(KdTree(points).within_radius(away, 1.0F, 20).indices, Each(kNoIndex));
  EXPECT_TRUE(KdTree(points).within_radius(Matrix(0, 3), 1.0F, 20).indices.empty());
}

TEST(within_radius, an_endless_radius_gives_the_k_nearest) {
  const Matrix points = uniform(4000);
  const KdTree tree(points);
  EXPECT_EQ(tree.within_radius(points, std::numeric_limits<float>::infinity(), 12).indices,
            tree.k_nearest(points, 12).indices);
}

TEST(within_radius, same_table_for_any_thread_count) {
  const Matrix points = uniform(30'000);
  const auto search_with = [&](int threads) {
    const ThreadLimit limit(threads);
    return KdTree(points).within_radius(points, 0.03F, 24).indices;
  };
  EXPECT_EQ(search_with(1), search_with(8));
}

TEST(within_radius, refuses_what_makes_no_sense) {
  const Matrix points = uniform(5);
  const KdTree tree(points);
  EXPECT_THROW((void)tree.within_radius(points, -1.0F, 3), Error);
  EXPECT_THROW((void)tree.within_radius(points, std::numeric_limits<float>::quiet_NaN(), 3), Error);
  EXPECT_THROW((void)tree.within_radius(points, 1.0F, 0), Error);
  EXPECT_THROW((void)tree.within_radius(Matrix(5, 2), 1.0F, 3), Error);
}

}  // namespace
}  // namespace ptattn::test
