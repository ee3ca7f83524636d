#include "ptattn/tasks/scene/ground_planes.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"

namespace ptattn::test {
namespace {

constexpr double kVoxel = 0.5;

struct Terrain {
  std::vector<VoxelColumn> columns;
  std::vector<double> low;
  std::vector<double> above;

  [[nodiscard]] double x(std::size_t c) const { return (columns[c].i + 0.5) * kVoxel; }
  [[nodiscard]] double y(std::size_t c) const { return (columns[c].j + 0.5) * kVoxel; }
  [[nodiscard]] CellValues<GroundPlane> planes(std::size_t level) const {
    return ground_planes(columns, low, above, kVoxel, level);
  }
};

/// One column in `sparseness` of a slope of 0.6; `height(x, y)` is added.
template <class Height>
Terrain slope(std::uint32_t size, unsigned sparseness, const Height& height) {
  Random random(size);
  Terrain terrain;
  for (std::uint32_t i = 0; i < size; ++i) {
    for (std::uint32_t j = 0; j < size; ++j) {
      if (random.below(sparseness) != 0) continue;
      terrain.columns.push_back({i, j});
      const std::size_t c = terrain.low.size();
      terrain.low.push_back(0.6 * terrain.x(c) + height(terrain.x(c), terrain.y(c)));
    }
  }
  terrain.above = ColumnFilters(terrain.columns).opening(terrain.low, kGroundOpening);
  for (std::size_t c = 0; c < terrain.low.size(); ++c) {
    terrain.above[c] = terrain.low[c] - terrain.above[c];
  }
  return terrain;
}

/// The definition, column by column.
std::vector<double> twin(const Terrain& terrain, std::size_t level) {
  const std::size_t n = terrain.columns.size();
  const double side = kVoxel * static_cast<double>(1U << level);
  std::vector<double> weights(n);
  std::vector<double> heights(n);
  for (std::size_t c = 0; c < n; ++c) weights[c] = 1.0 / (1.0 + std::pow(terrain.above[c], 2));
  for (int round = 0; round < 4; ++round) {
    for (std::size_t c = 0; c < n; ++c) {
      double w = 0.0, x = 0.0, y = 0.0, z = 0.0;
      double xx = 0.01 * side * side, xy = 0.0, yy = xx, xz = 0.0, yz = 0.0;
      const auto each = [&](const auto& visit) {
        for (std::size_t o = 0; o < n; ++o) {
          const auto apart = [level](std::uint32_t a, std::uint32_t b) {
            return std::abs(static_cast<int>(a >> level) - static_cast<int>(b >> level));
          };
          if (apart(terrain.columns[c].i, terrain.columns[o].i) > 1) continue;
          if (apart(terrain.columns[c].j, terrain.columns[o].j) > 1) continue;
          visit(o);
        }
      };
      each([&](std::size_t o) {
        w += weights[o];
        x += weights[o] * terrain.x(o);
        y += weights[o] * terrain.y(o);
        z += weights[o] * terrain.low[o];
      });
      each([&](std::size_t o) {
        const double dx = terrain.x(o) - x / w;
        const double dy = terrain.y(o) - y / w;
        const double share = weights[o] / w;
        xx += share * dx * dx;
        xy += share * dx * dy;
        yy += share * dy * dy;
        xz += share * dx * terrain.low[o];
        yz += share * dy * terrain.low[o];
      });
      const double determinant = xx * yy - xy * xy;
      heights[c] = terrain.low[c] - z / w -
                   (xz * yy - yz * xy) / determinant * (terrain.x(c) - x / w) -
                   (yz * xx - xz * xy) / determinant * (terrain.y(c) - y / w);
    }
    for (std::size_t c = 0; c < n; ++c) {
      weights[c] = 1.0 / (1.0 + std::pow(heights[c] / (heights[c] > 0.0 ? 0.3 : 1.0), 2));
    }
  }
  return heights;
}

TEST(ground_planes, equal_their_definition) {
  Random random(3);
  const Terrain terrain = slope(60, 8, [&](double, double) { return 4.0 * random.uniform(); });
  for (const std::size_t level : {0U, 2U, 3U, 5U}) {
    const std::vector<double> expected = twin(terrain, level);
    const CellValues<GroundPlane> planes = terrain.planes(level);
    ASSERT_EQ(planes.size(), expected.size());
    for (std::size_t c = 0; c < planes.size(); ++c) {
      ASSERT_NEAR(terrain.low[c] - planes[c].at(terrain.x(c), terrain.y(c)), expected[c], 1e-9)
          << "level " << level;
    }
  }
}

/// Where an opening is a metre off because the points are four metres apart.
TEST(ground_planes, follow_a_sparse_slope_under_what_stands_on_it) {
  const auto house = [](double x, double y) {
    return std::fmod(x, 25.0) < 8.0 && std::fmod(y, 25.0) < 8.0 ? 6.0 : 0.0;
  };
  Terrain terrain = slope(160, 64, house);
  terrain.low[terrain.low.size() / 2] -= 40.0;  // an outlier
  const CellValues<GroundPlane> planes = terrain.planes(4);
  double largest_above = 0.0;
  for (std::size_t c = 0; c < planes.size(); ++c) {
    if (c == terrain.low.size() / 2) continue;
    const double height = terrain.low[c] - planes[c].at(terrain.x(c), terrain.y(c));
    EXPECT_NEAR(height, house(terrain.x(c), terrain.y(c)), 0.6) << "column " << c;
    largest_above = std::max(largest_above, terrain.above[c] - house(terrain.x(c), terrain.y(c)));
  }
  EXPECT_GT(largest_above, 1.5) << "not hard enough for a test";
}

TEST(ground_planes, do_not_depend_on_the_number_of_threads) {
  Random random(4);
  const Terrain terrain = slope(300, 3, [&](double, double) { return random.uniform(); });
  const auto of = [&](int threads) {
    const ThreadLimit limit(threads);
    return terrain.planes(3);
  };
  const CellValues<GroundPlane> one = of(1);
  const CellValues<GroundPlane> many = of(8);
  ASSERT_EQ(one.cell_of, many.cell_of);
  ASSERT_EQ(one.of_cell.size(), many.of_cell.size());
  EXPECT_EQ(0, std::memcmp(one.of_cell.data(), many.of_cell.data(),
                           one.of_cell.size() * sizeof(GroundPlane)));
}

TEST(ground_planes, of_one_column_and_of_none) {
  EXPECT_EQ(ground_planes({}, {}, {}, kVoxel, 3).size(), 0U);
  const VoxelColumn column{7, 9};
  const double low = 2.5;
  const double above = 0.0;
  const auto planes = ground_planes({&column, 1}, {&low, 1}, {&above, 1}, kVoxel, 3);
  EXPECT_DOUBLE_EQ(planes[0].at(100.0, -3.0), 2.5);
}

}  // namespace
}  // namespace ptattn::test
