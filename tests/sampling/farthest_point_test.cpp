#include "ptattn/sampling/farthest_point.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "../neighbors/shapes.hpp"
#include "each_target.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"

namespace ptattn::test {
namespace {

using testing::ElementsAre;

/// The definition, word by word.
std::vector<std::uint32_t> scalar_twin(MatrixView points, std::size_t count, std::size_t start) {
  std::vector<float> nearest(points.rows, std::numeric_limits<float>::infinity());
  std::vector<std::uint32_t> samples;
  std::size_t sample = start;
  while (true) {
    samples.push_back(static_cast<std::uint32_t>(sample));
    if (samples.size() == count) return samples;
    const float* const newest = points.row(sample);
    sample = 0;
    for (std::size_t i = 0; i < points.rows; ++i) {
      nearest[i] = std::min(nearest[i], squared_distance(points.row(i), newest));
      if (nearest[i] > nearest[sample]) sample = i;
    }
  }
}

Matrix on_a_line(std::initializer_list<float> xs) {
  Matrix points(xs.size(), 3);
  std::size_t i = 0;
  for (const float x : xs) {
    points(i, 0) = x;
    points(i, 1) = points(i, 2) = 0.0F;
    ++i;
  }
  return points;
}

TEST(farthest_point, hand_computed) {
  // Squared distances to the nearest sample: from 0, 10 has 100; then 4 has 16, 7 has 9, 2 has 4.
  EXPECT_THAT(farthest_point_sample(on_a_line({0, 2, 4, 7, 10}), 5), ElementsAre(0, 4, 2, 3, 1));
}

TEST(farthest_point, ties_go_to_the_lowest_index) {
  EXPECT_THAT(farthest_point_sample(on_a_line({0, 1, -1, 1, -1}), 3), ElementsAre(0, 1, 2));
}

TEST(farthest_point, starts_where_told) {
  EXPECT_THAT(farthest_point_sample(on_a_line({0, 1, 5}), 3, 1), ElementsAre(1, 2, 0));
}

TEST(farthest_point, lowest_index_repeats_once_every_position_is_taken) {
  EXPECT_THAT(farthest_point_sample(on_a_line({3, 3, 8, 8, 3}), 5, 3), ElementsAre(3, 0, 0, 0, 0));
}

TEST(farthest_point, one_point) {
  EXPECT_THAT(farthest_point_sample(on_a_line({3}), 1), ElementsAre(0));
}

TEST(farthest_point, equals_the_definition_on_every_cpu_level) {
  for_each_target([] {
    for (const std::size_t n : {1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 500, 513, 1024}) {
      for (const Shape& shape : shapes(n)) {
        SCOPED_TRACE(shape.name + ", " + std::to_string(n) + " points");
        ASSERT_EQ(farthest_point_sample(shape.points, n, n / 3),
                  scalar_twin(shape.points, n, n / 3));
      }
    }
  });
}

TEST(farthest_point, equals_the_definition_on_large_clouds) {
  for_each_target([] {
    for (const std::size_t n : {4096, 4097, 9001}) {
      for (const Shape& shape : shapes(n)) {
        SCOPED_TRACE(shape.name + ", " + std::to_string(n) + " points");
        ASSERT_EQ(farthest_point_sample(shape.points, 600), scalar_twin(shape.points, 600, 0));
      }
    }
  });
}

TEST(farthest_point, reads_strided_views_at_odd_addresses) {
  const Matrix wide = generate(700, [](auto& r, auto, auto) { return r.uniform(); });
  Matrix padded(700, 5);
  for (std::size_t i = 0; i < 700; ++i) {
    for (std::size_t axis = 0; axis < 3; ++axis) padded(i, axis + 1) = wide(i, axis);
    padded(i, 0) = padded(i, 4) = std::numeric_limits<float>::quiet_NaN();
  }
  EXPECT_EQ(farthest_point_sample(padded.view().cols_range(1, 3), 300),
            farthest_point_sample(wide, 300));
}

TEST(farthest_point, same_samples_for_any_thread_count) {
  const Matrix points = generate(40'000, [](auto& r, auto, auto) { return r.uniform(); });
  const auto sample_with = [&](int threads) {
    const ThreadLimit limit(threads);
    return farthest_point_sample(points, 2000);
  };
  EXPECT_EQ(sample_with(1), sample_with(8));
}

TEST(farthest_point, refuses_what_makes_no_sense) {
  const Matrix points = on_a_line({0, 1, 2});
  EXPECT_THROW((void)farthest_point_sample(points, 0), Error);
  EXPECT_THROW((void)farthest_point_sample(points, 4), Error);
  EXPECT_THROW((void)farthest_point_sample(points, 1, 3), Error);
  EXPECT_THROW((void)farthest_point_sample(Matrix(3, 2), 1), Error);
  EXPECT_THROW((void)farthest_point_sample(Matrix(0, 3), 1), Error);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW((void)farthest_point_sample(on_a_line({0, nan, 2}), 1), Error);
}

}  // namespace
}  // namespace ptattn::test
