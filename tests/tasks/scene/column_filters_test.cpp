#include "ptattn/tasks/scene/column_filters.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "../../sanitizers.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"

namespace ptattn::test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Scene {
  std::vector<VoxelColumn> columns;
  std::vector<double> values;
};

/// Columns scattered over an area of `height` x `width`, one in `sparseness`.
Scene scattered(std::uint32_t height, std::uint32_t width, unsigned sparseness) {
  Random random(height * 31 + width);
  Scene scene;
  for (std::uint32_t i = 0; i < height; ++i) {
    for (std::uint32_t j = 0; j < width; ++j) {
      if (random.below(sparseness) != 0) continue;
      scene.columns.push_back({i, j});
      scene.values.push_back(100.0 * random.uniform());
    }
  }
  return scene;
}

/// The definition, place by place. `sign` 1: opening; -1: closing.
std::vector<double> opening_twin(const Scene& scene, std::size_t window, double sign) {
  const auto reach = static_cast<std::int64_t>(window / 2);
  std::int64_t height = 0;
  std::int64_t width = 0;
  for (const VoxelColumn& c : scene.columns) {
    height = std::max<std::int64_t>(height, c.i + 1);
    width = std::max<std::int64_t>(width, c.j + 1);
  }
  const auto least_around = [&](std::int64_t i, std::int64_t j) {
    double least = kInfinity;
    for (std::size_t c = 0; c < scene.columns.size(); ++c) {
      if (std::abs(scene.columns[c].i - i) <= reach && std::abs(scene.columns[c].j - j) <= reach) {
        least = std::min(least, sign * scene.values[c]);
      }
    }
    return least;
  };
  std::vector<double> result;
  for (const VoxelColumn& column : scene.columns) {
    double largest = -kInfinity;
    for (std::int64_t i = column.i - reach; i <= column.i + reach; ++i) {
      for (std::int64_t j = column.j - reach; j <= column.j + reach; ++j) {
        if (i < 0 || j < 0 || i >= height || j >= width) continue;
        const double least = least_around(i, j);
        if (least < kInfinity) largest = std::max(largest, least);
      }
    }
    result.push_back(sign * largest);
  }
  return result;
}

TEST(column_filters, an_opening_removes_a_tower_and_keeps_a_slope) {
  Scene scene;
  for (std::uint32_t i = 0; i < 9; ++i) {
    scene.columns.push_back({i, 0});
    scene.values.push_back(i);  // a slope of one a column
  }
  scene.values[4] = 50.0;
  const ColumnFilters filters(scene.columns);
  const std::vector<double> opened = filters.opening(scene.values, 3);
  // The tower falls to its upper neighbour; at an end, the window that reaches least far decides.
  EXPECT_EQ(opened, (std::vector<double>{0, 1, 2, 3, 5, 5, 6, 7, 7}));
  scene.values[4] = -50.0;
  EXPECT_EQ(filters.closing(scene.values, 3), (std::vector<double>{1, 1, 2, 3, 3, 5, 6, 7, 8}));
  EXPECT_EQ(filters.maximum(scene.values, 3), (std::vector<double>{1, 2, 3, 3, 5, 6, 7, 8, 8}));
}

TEST(column_filters, equal_their_definition) {
  for (const unsigned sparseness : {1U, 3U, 20U}) {
    const Scene scene = scattered(14, 19, sparseness);
    const ColumnFilters filters(scene.columns);
    for (const std::size_t window : {1U, 3U, 5U, 17U, 99U}) {
      EXPECT_EQ(filters.opening(scene.values, window), opening_twin(scene, window, 1.0));
      EXPECT_EQ(filters.closing(scene.values, window), opening_twin(scene, window, -1.0));
    }
  }
}

TEST(column_filters, equal_their_definition_over_many_columns) {
  const Scene scene = scattered(40, 75, 25);
  const ColumnFilters filters(scene.columns);
  for (const std::size_t window : {5U, 17U, 31U}) {
    EXPECT_EQ(filters.opening(scene.values, window), opening_twin(scene, window, 1.0));
    EXPECT_EQ(filters.closing(scene.values, window), opening_twin(scene, window, -1.0));
  }
}

TEST(column_filters, equal_their_definition_where_columns_are_few_and_in_crowds_between) {
  // Sparse enough to be compared with each other, with crowds that are not.
  Scene scene = scattered(300, 400, 2500);
  for (std::uint32_t i = 40; i < 50; ++i) {
    for (std::uint32_t j = 60; j < 70; ++j) {
      const VoxelColumn column{i, j};
      const auto at = std::ranges::lower_bound(scene.columns, std::pair{i, j}, {}, [](auto c) {
        return std::pair{c.i, c.j};
      });
      if (at != scene.columns.end() && *at == column) continue;
      scene.values.insert(scene.values.begin() + (at - scene.columns.begin()), (i * j) % 17);
      scene.columns.insert(at, column);
    }
  }
  const ColumnFilters filters(scene.columns);
  for (const std::size_t window : {5U, 41U, 97U}) {
    EXPECT_EQ(filters.opening(scene.values, window), opening_twin(scene, window, 1.0));
    EXPECT_EQ(filters.closing(scene.values, window), opening_twin(scene, window, -1.0));
  }
}

TEST(column_filters, empty_space_costs_nothing) {
  // 400 columns over an area that takes minutes place by place, then four times as many.
  const auto seconds = [](std::uint32_t columns) {
    Random random(3);
    Scene scene;
    for (std::uint32_t c = 0; c < columns; ++c) {
      scene.columns.push_back(
          {c * (60000 / columns), static_cast<std::uint32_t>(random.below(60000))});
      scene.values.push_back(random.uniform());
    }
    const ColumnFilters filters(scene.columns);
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(filters.opening(scene.values, 97).size(), columns);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  EXPECT_LT(seconds(400), 1.0 * kSlowdown);
  EXPECT_LT(seconds(6400), 16.0 * kSlowdown);
}

TEST(column_filters, blocks_leave_no_seams) {
  // Three blocks along one axis; in one long row, the definition is quick to compute.
  Scene scene;
  Random random(5);
  for (std::uint32_t j = 0; j < 2500; ++j) {
    scene.columns.push_back({0, j});
    scene.values.push_back(random.uniform());
  }
  const ColumnFilters filters(scene.columns);
  const std::vector<double> highest = filters.maximum(scene.values, 41);
  const std::vector<double> opened = filters.opening(scene.values, 41);
  std::vector<double> least(scene.values.size());
  const auto window = [&](const std::vector<double>& values, std::size_t j, auto pick) {
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(j < 20 ? 0 : j - 20);
    const auto last = values.begin() + static_cast<std::ptrdiff_t>(std::min(j + 21, values.size()));
    return *pick(first, last);
  };
  const auto min_of = [](auto a, auto b) { return std::min_element(a, b); };
  const auto max_of = [](auto a, auto b) { return std::max_element(a, b); };
  for (std::size_t j = 0; j < least.size(); ++j) least[j] = window(scene.values, j, min_of);
  for (std::size_t j = 0; j < least.size(); ++j) {
    ASSERT_EQ(highest[j], window(scene.values, j, max_of)) << j;
    ASSERT_EQ(opened[j], window(least, j, max_of)) << j;
  }
}

TEST(column_filters, give_the_same_for_any_number_of_threads) {
  const Scene scene = scattered(1500, 1500, 60);
  const ColumnFilters filters(scene.columns);
  const auto with = [&](int threads) {
    const ThreadLimit limit(threads);
    return filters.opening(scene.values, 97);
  };
  EXPECT_EQ(with(1), with(8));
}

}  // namespace
}  // namespace ptattn::test
