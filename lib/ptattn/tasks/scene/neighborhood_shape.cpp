#include "ptattn/tasks/scene/neighborhood_shape.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "ptattn/core/parallel.hpp"
#include "ptattn/core/raw_vector.hpp"
#include "ptattn/tasks/geometry/covariance.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kItemsPerTask = 2048;
constexpr double kFewestVoxels = 4.0;
constexpr double kLeastTrace = 1e-6;

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

CellGroups cells_of(const SceneVoxels& scene, std::size_t level) {
  RawVector<Cell> cells(scene.size());
  parallel_each(scene.size(), kItemsPerTask, [&](std::size_t v) {
    const auto [x, y, z] = scene.cells[v];
    cells[v] = {x >> level, y >> level, z >> level};
  });
  return CellGroups(cells);
}

/// Of each cell by itself.
RawVector<Moments> moments_of(const SceneVoxels& scene, const CellGroups& cells) {
  const Position center = center_of(scene);
  RawVector<Moments> moments(cells.size());
  parallel_each(cells.size(), kItemsPerTask, [&](std::size_t c) {
    Moments& m = moments[c];
    m = {};
    for (const std::uint32_t v : cells.items(c)) {
      const Position& mean = scene.means[v];
      m.add(mean[0] - center[0], mean[1] - center[1], mean[2] - center[2]);
    }
  });
  return moments;
}

NeighborhoodShape shape_of(const Moments& sums) {
  NeighborhoodShape result;
  result.voxel_count = sums.count();
  const Eigen::Matrix3d covariance = covariance_of(sums);
  const double trace = covariance.trace();
  if (sums.count() < kFewestVoxels || trace < kLeastTrace) return result;
  Eigen::SelfAdjointEigenSolver<Eigen::Matrix3d> solver;
  solver.computeDirect(covariance, Eigen::EigenvaluesOnly);
  const double smallest = std::max(solver.eigenvalues()[0], 0.0);
  result.deviation = std::sqrt(smallest);
  result.scatter = 3.0 * smallest / trace;
  result.vertical = covariance(2, 2) / trace;
  return result;
}

}  // namespace

CellValues<NeighborhoodShape> neighborhood_shapes(const SceneVoxels& scene, std::size_t level,
                                                  std::span<const VoxelRun> wanted) {
  CellGroups cells = cells_of(scene, level);
  const RawVector<Moments> moments = moments_of(scene, cells);
  std::vector<NeighborhoodShape> of_cell(cells.size());
  std::vector<char> is_wanted(cells.size(), wanted.empty() ? 1 : 0);
  for (const VoxelRun& run : wanted) {
    for (std::size_t v = run.begin; v < run.end; ++v) is_wanted[cells.cell_of(v)] = 1;
  }
  parallel_each(cells.size(), kItemsPerTask, [&](std::size_t c) {
    if (is_wanted[c] == 0) return;
    of_cell[c] = shape_of(cells.sum_around<Moments>(c, moments));
  });
  return {std::move(of_cell), std::move(cells).take_cell_of()};
}

}  // namespace ptattn
