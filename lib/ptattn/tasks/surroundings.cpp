#include "ptattn/tasks/surroundings.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <array>
#include <cmath>

#include "ptattn/core/parallel.hpp"
#include "ptattn/neighbors/voxel_hash.hpp"
#include "ptattn/sampling/sort_order.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kItemsPerTask = 2048;
constexpr double kFewestVoxels = 4.0;
constexpr double kLeastTrace = 1e-6;

/// Number of voxels, sums of x, y, z and of xx, yy, zz, xy, xz, yz.
using Moments = std::array<double, 10>;

/// The occupied cells of a level, and what lies in them.
struct Cells {
  std::vector<Cell> cells;
  std::vector<std::uint32_t> cell_of_voxel;
  std::vector<Moments> moments;
};

/// Covariances do not depend on where the coordinates are measured from, and are most exact from
/// the middle.
Position center_of(const SceneVoxels& scene) {
  Position center{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    center[axis] =
        deterministic_sum(scene.size(), [&](std::size_t v) { return scene.means[v][axis]; }) /
        static_cast<double>(scene.size());
  }
  return center;
}

Cell cell_of(const Cell& voxel, std::size_t level) {
  return {voxel[0] >> level, voxel[1] >> level, voxel[2] >> level};
}

Cells gather_cells(const SceneVoxels& scene, std::size_t level) {
  constexpr unsigned kBits = 21;  // more than a coordinate has
  std::vector<std::uint64_t> keys(scene.size());
  parallel_each(scene.size(), kItemsPerTask, [&](std::size_t v) {
    const Cell cell = cell_of(scene.cells[v], level);
    keys[v] = (std::uint64_t{cell[0]} << 2 * kBits) | (std::uint64_t{cell[1]} << kBits) | cell[2];
  });
  const std::vector<std::uint32_t> order = sort_order(keys);
  Cells result;
  result.cell_of_voxel.resize(scene.size());
  std::vector<std::size_t> starts;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || keys[order[i]] != keys[order[i - 1]]) {
      starts.push_back(i);
      result.cells.push_back(cell_of(scene.cells[order[i]], level));
    }
    result.cell_of_voxel[order[i]] = static_cast<std::uint32_t>(starts.size() - 1);
  }
  starts.push_back(order.size());
  const Position center = center_of(scene);
  result.moments.assign(result.cells.size(), {});
  parallel_each(result.cells.size(), kItemsPerTask, [&](std::size_t c) {
    Moments& m = result.moments[c];
    for (std::size_t i = starts[c]; i < starts[c + 1]; ++i) {
      const Position& mean = scene.means[order[i]];
      const double x = mean[0] - center[0];
      const double y = mean[1] - center[1];
      const double z = mean[2] - center[2];
      const Moments one{1.0, x, y, z, x * x, y * y, z * z, x * y, x * z, y * z};
      for (std::size_t t = 0; t < m.size(); ++t) m[t] += one[t];
    }
  });
  return result;
}

Surroundings describe(const Moments& sums) {
  Surroundings result;
  const double n = sums[0];
  result.count = n;
  const double x = sums[1] / n;
  const double y = sums[2] / n;
  const double z = sums[3] / n;
  Eigen::Matrix3d covariance;
  covariance << sums[4] / n - x * x, sums[7] / n - x * y, sums[8] / n - x * z,  //
      sums[7] / n - x * y, sums[5] / n - y * y, sums[9] / n - y * z,            //
      sums[8] / n - x * z, sums[9] / n - y * z, sums[6] / n - z * z;
  const double trace = covariance.trace();
  if (n < kFewestVoxels || trace < kLeastTrace) return result;
  Eigen::SelfAdjointEigenSolver<Eigen::Matrix3d> solver;
  solver.computeDirect(covariance, Eigen::EigenvaluesOnly);
  const double smallest = std::max(solver.eigenvalues()[0], 0.0);
  result.deviation = std::sqrt(smallest);
  result.scatter = 3.0 * smallest / trace;
  result.vertical = covariance(2, 2) / trace;
  return result;
}

}  // namespace

std::vector<Surroundings> surroundings(const SceneVoxels& scene, std::size_t level) {
  const Cells cells = gather_cells(scene, level);
  const std::array<std::size_t, 1> ends{cells.cells.size()};
  const VoxelHash hash(cells.cells, ends);
  std::vector<Surroundings> of_cell(cells.cells.size());
  parallel_each(cells.cells.size(), kItemsPerTask, [&](std::size_t c) {
    std::array<std::uint32_t, 27> around;
    hash.window(0, cells.cells[c], 1, around);
    Moments sums{};
    for (const std::uint32_t other : around) {
      if (other == VoxelHash::kNone) continue;
      for (std::size_t t = 0; t < sums.size(); ++t) sums[t] += cells.moments[other][t];
    }
    of_cell[c] = describe(sums);
  });
  std::vector<Surroundings> result(scene.size());
  parallel_each(scene.size(), kItemsPerTask,
                [&](std::size_t v) { result[v] = of_cell[cells.cell_of_voxel[v]]; });
  return result;
}

}  // namespace ptattn
