#include "ptattn/survey/voxel_estimate.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <tuple>

#include "../io/temp_folder.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/io/cloud_io.hpp"

namespace ptattn::test {
namespace {

/// Points of a square of some width, two in three in voxels of others.
PointCloud plain(std::size_t points, double width) {
  Random random(9);
  PointCloud cloud(points);
  for (const char* const axis : {"x", "y", "z"}) {
    const double extent = *axis == 'z' ? 0.9 : width;
    for (double& v : cloud.add(axis, FieldType::kFloat64).values<double>()) {
      v = extent * (random.uniform() - 0.5);
    }
  }
  return cloud;
}

std::uint64_t voxels_of(const PointCloud& cloud, double voxel) {
  std::set<std::tuple<double, double, double>> cells;
  for (const Position& p : cloud.positions()) {
    cells.emplace(std::floor(p[0] / voxel), std::floor(p[1] / voxel), std::floor(p[2] / voxel));
  }
  return cells.size();
}

TEST(voxel_estimate, is_exact_for_few_and_near_for_many) {
  const TempFolder folder;
  for (const auto& [points, width, tolerance] :
       {std::tuple(5'000, 30.0, 0.0), {400'000, 400.0, 0.02}, {400'000, 100.0, 0.02}}) {
    const PointCloud cloud = plain(points, width);
    write_cloud(folder / "cloud.ply", cloud);
    const auto stream = open_cloud_stream(folder / "cloud.ply");
    for (const double voxel : {0.5, 1.0}) {
      const auto expected = static_cast<double>(voxels_of(cloud, voxel));
      const auto found = static_cast<double>(estimate_voxels(*stream, voxel));
      EXPECT_NEAR(found, expected, tolerance * expected) << points << " in " << width;
      const ThreadLimit limit(1);
      EXPECT_EQ(static_cast<double>(estimate_voxels(*stream, voxel)), found);
    }
  }
}

TEST(voxel_estimate, passes_over_points_that_are_nowhere) {
  const TempFolder folder;
  PointCloud cloud = plain(100'000, 400.0);
  const double all = static_cast<double>(voxels_of(cloud, 0.5));
  const auto x = cloud.find("x")->values<double>();
  for (std::size_t i = 0; i < x.size(); i += 2) x[i] = std::numeric_limits<double>::quiet_NaN();
  write_cloud(folder / "cloud.ply", cloud);
  const auto stream = open_cloud_stream(folder / "cloud.ply");
  EXPECT_NEAR(static_cast<double>(estimate_voxels(*stream, 0.5)), all / 2.0, 0.03 * all);
}

}  // namespace
}  // namespace ptattn::test
