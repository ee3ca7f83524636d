#include "ptattn/neighbors/knn.hpp"
#include "ptattn/core/clone.hpp"

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

using testing::ElementsAre;

/// The definition: sort everything by distance, then index.
IndexTable scalar_twin(MatrixView points, MatrixView queries, std::size_t k) {
  IndexTable table{queries.rows, k, {}};
  std::vector<std::pair<float, std::uint32_t>> all(points.rows);
  for (std::size_t q = 0; q < queries.rows; ++q) {
    for (std::uint32_t i = 0; i < points.rows; ++i) {
      all[i] = {squared_distance(points.row(i), queries.row(q)), i};
    }
    std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(k), all.end());
    for (std::size_t j = 0; j < k; ++j) table.indices.push_back(all[j].second);
  }
  return table;
}

/// k_nearest of every `step`-th point and of points a little off must be what the definition says.
void expect_exact(MatrixView points, std::size_t k, std::size_t step) {
  Matrix queries(2 * ((points.rows + step - 1) / step), 3);
  for (std::size_t q = 0; q < queries.rows(); ++q) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const float at = points(q / 2 * step, axis);
      queries(q, axis) = q % 2 == 0 ? at : 0.75F * at;
    }
  }
  ASSERT_EQ(k_nearest(points, queries, k).indices, scalar_twin(points, queries, k).indices);
}

Matrix uniform(std::size_t n) {
  return generate(n, [](auto& random, auto, auto) { return random.uniform(); });
}

TEST(k_nearest, hand_computed) {
  Matrix points(4, 3);
  std::ranges::copy(std::initializer_list<float>{0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 1},
                    points.values().begin());
  Matrix queries(2, 3);
  std::ranges::copy(std::initializer_list<float>{0, 0, 0, 2.5F, 0, 0}, queries.values().begin());
  const IndexTable table = k_nearest(points, queries, 3);
  EXPECT_EQ(table.rows, 2U);
  EXPECT_EQ(table.k, 3U);
  // Squared distances: 0 9 4 1, and 6.25 0.25 10.25 7.25.
  EXPECT_THAT(table.indices, ElementsAre(0, 3, 2, 1, 0, 3));
}

TEST(k_nearest, ties_go_to_the_lowest_index) {
  const Matrix points = generate(100, [](auto&, auto, auto) { return 1.0; });
  EXPECT_THAT(k_nearest(points, points.view().rows_range(50, 1), 4).indices,
              ElementsAre(0, 1, 2, 3));
}

TEST(k_nearest, equals_the_definition_on_every_cpu_level) {
  for_each_target([] {
    for (const std::size_t n : {1, 2, 15, 16, 17, 31, 32, 33, 64, 65, 511, 513, 1025}) {
      for (const Shape& shape : shapes(n)) {
        for (const std::size_t k : {1, 3, 16, 17, 32, 200}) {
          if (k > n) continue;
          SCOPED_TRACE(shape.name + ", n = " + std::to_string(n) + ", k = " + std::to_string(k));
          expect_exact(shape.points, k, n / 16 + 1);
        }
      }
    }
  });
}

TEST(k_nearest, equals_the_definition_on_large_clouds) {
  for_each_target([] {
    for (const std::size_t n : {8192, 8193, 20'011}) {
      for (const Shape& shape : shapes(n)) {
        SCOPED_TRACE(shape.name + ", n = " + std::to_string(n));
        expect_exact(shape.points, 16, n / 30);
      }
    }
  });
}

TEST(k_nearest, all_points_are_neighbours) {
  for (const Shape& shape : shapes(300)) {
    SCOPED_TRACE(shape.name);
    expect_exact(shape.points, 300, 50);
  }
}

TEST(k_nearest, many_identical_points_among_others_stay_cheap) {
  // Invalid returns of a scanner often end up at the origin. Each of these queries would look at
  // all of them if ties did not prune by index.
  const Matrix points = generate(
      60'000, [](auto& random, std::size_t i, auto) { return i % 3 == 0 ? random.uniform() : 0; });
  const IndexTable table = k_nearest(points, points, 8);
  EXPECT_THAT(std::vector(table.row(1), table.row(2)), ElementsAre(1, 2, 4, 5, 7, 8, 10, 11));
  EXPECT_THAT(std::vector(table.row(50'000), table.row(50'001)),
              ElementsAre(1, 2, 4, 5, 7, 8, 10, 11));
}

TEST(k_nearest, queries_may_be_far_from_the_cloud) {
  const Matrix points = uniform(3000);
  const Matrix queries =
      generate(40, [](auto& random, auto, auto) { return 1e3 * random.uniform(); });
  EXPECT_EQ(k_nearest(points, queries, 20).indices, scalar_twin(points, queries, 20).indices);
}

TEST(k_nearest, no_queries_no_rows) {
  EXPECT_TRUE(k_nearest(uniform(40), Matrix(0, 3), 5).indices.empty());
}

TEST(k_nearest, reads_strided_views_at_odd_addresses) {
  const Matrix points = uniform(700);
  Matrix padded(700, 5);
  for (std::size_t i = 0; i < 700; ++i) {
    for (std::size_t axis = 0; axis < 3; ++axis) padded(i, axis + 1) = points(i, axis);
    padded(i, 0) = padded(i, 4) = std::numeric_limits<float>::quiet_NaN();
  }
  const MatrixView inner = padded.view().cols_range(1, 3);
  EXPECT_EQ(k_nearest(inner, inner, 9).indices, k_nearest(points, points, 9).indices);
}

TEST(k_nearest, same_table_for_any_thread_count) {
  const Matrix points = uniform(50'000);
  const auto search_with = [&](int threads) {
    const ThreadLimit limit(threads);
    return k_nearest(points, points, 8).indices;
  };
  EXPECT_EQ(search_with(1), search_with(8));
}

TEST(k_nearest, permuting_the_points_permutes_the_table) {
  const Matrix points = uniform(2000);
  Matrix reversed(2000, 3);
  for (std::size_t i = 0; i < 2000; ++i) std::copy_n(points.row(i), 3, reversed.row(1999 - i));
  const IndexTable table = k_nearest(points, points, 10);
  IndexTable mirrored = k_nearest(reversed, points, 10);
  for (std::uint32_t& index : mirrored.indices) index = 1999 - index;
  EXPECT_EQ(table.indices, mirrored.indices);
}

TEST(k_nearest, refuses_what_makes_no_sense) {
  const Matrix points = uniform(5);
  EXPECT_THROW((void)k_nearest(points, points, 0), Error);
  EXPECT_THROW((void)k_nearest(points, points, 6), Error);
  EXPECT_THROW((void)k_nearest(Matrix(5, 2), points, 1), Error);
  EXPECT_THROW((void)k_nearest(points, Matrix(5, 4), 1), Error);
  EXPECT_THROW((void)k_nearest(Matrix(0, 3), points, 1), Error);
  const MatrixView more_than_indices{points.data(), std::size_t{1} << 32, 3, 0};
  EXPECT_THROW((void)k_nearest(more_than_indices, points, 1), Error);
}

TEST(k_nearest, refuses_coordinates_that_are_not_finite) {
  const Matrix points = uniform(40);
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    Matrix broken = clone(points);
    broken(39, 2) = bad;
    EXPECT_THROW((void)k_nearest(broken, points, 1), Error);
    EXPECT_THROW((void)k_nearest(points, broken, 1), Error);
  }
}

TEST(kd_tree, answers_again_and_again) {
  const Matrix points = uniform(3000);
  const KdTree tree(points);
  EXPECT_EQ(tree.size(), 3000U);
  EXPECT_EQ(tree.k_nearest(points, 4).indices, scalar_twin(points, points, 4).indices);
  EXPECT_EQ(tree.k_nearest(points, 1).indices, scalar_twin(points, points, 1).indices);
}

}  // namespace
}  // namespace ptattn::test
