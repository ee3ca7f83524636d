#include "ptattn/tasks/scene/ground_planes.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "ptattn/core/parallel.hpp"
#include "ptattn/core/raw_vector.hpp"
#include "ptattn/tasks/geometry/moments.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kItemsPerTask = 2048;
constexpr std::size_t kCellsPerTask = 64;  // a cell of a coarse level has a thousand columns
constexpr std::size_t kRounds = 3;
constexpr double kFirstScale = 1.0;  // metres, as the next two
constexpr double kScaleAbove = 0.3;
constexpr double kScaleBelow = 1.0;
constexpr double kRidge = 0.01;  // of a cell's area

double weight_at(double height, double scale) {
  return 1.0 / (1.0 + (height / scale) * (height / scale));
}

CellGroups cells_of(std::span<const VoxelColumn> columns, std::size_t level) {
  RawVector<Cell> cells(columns.size());
  parallel_each(columns.size(), kItemsPerTask, [&](std::size_t c) {
    cells[c] = {columns[c].i >> level, columns[c].j >> level, 0};
  });
  return CellGroups(cells);
}

double mean_of(std::size_t n, const auto& value) {
  return deterministic_sum(n, value) / static_cast<double>(n);
}

class PlaneFit {
 public:
  PlaneFit(std::span<const VoxelColumn> columns, std::span<const double> low, double voxel,
           std::size_t level)
      : columns_(columns), low_(low), voxel_(voxel), cells_(cells_of(columns, level)) {
    const double side = voxel * static_cast<double>(std::size_t{1} << level);
    ridge_ = kRidge * side * side;
    const auto x = [&](std::size_t c) { return middle(columns[c].i); };
    const auto y = [&](std::size_t c) { return middle(columns[c].j); };
    center_ = {mean_of(columns.size(), x), mean_of(columns.size(), y),
               mean_of(columns.size(), [&](std::size_t c) { return low[c]; })};
    planes_.resize(cells_.size());
    moments_.resize(cells_.size());
  }

  /// Fits the planes of all cells to columns of these weights.
  void fit(std::span<const double> weights) {
    parallel_each(cells_.size(), kCellsPerTask, [&](std::size_t cell) { gather(cell, weights); });
    parallel_each(cells_.size(), kCellsPerTask, [&](std::size_t cell) {
      planes_[cell] = plane_of(cells_.sum_around<Moments>(cell, moments_));
    });
  }

  [[nodiscard]] double height(std::size_t column) const {
    const GroundPlane& plane = planes_[cells_.cell_of(column)];
    return low_[column] - plane.at(middle(columns_[column].i), middle(columns_[column].j));
  }

  [[nodiscard]] CellValues<GroundPlane> take() && {
    return {std::move(planes_), std::move(cells_).take_cell_of()};
  }

 private:
  [[nodiscard]] double middle(std::uint32_t index) const {
    return (static_cast<double>(index) + 0.5) * voxel_;
  }

  void gather(std::size_t cell, std::span<const double> weights) {
    Moments& sums = moments_[cell];
    sums = {};
    for (const std::uint32_t c : cells_.items(cell)) {
      const double w = weights[c];
      const double x = middle(columns_[c].i) - center_[0];
      const double y = middle(columns_[c].j) - center_[1];
      const double z = low_[c] - center_[2];
      sums.add(x, y, z, w);
    }
  }

  [[nodiscard]] GroundPlane plane_of(const Moments& sums) const {
    const double xx = sums.covariance(0, 0) + ridge_;
    const double xy = sums.covariance(0, 1);
    const double yy = sums.covariance(1, 1) + ridge_;
    const double xz = sums.covariance(0, 2);
    const double yz = sums.covariance(1, 2);
    const double determinant = xx * yy - xy * xy;
    return {sums.mean(0) + center_[0], sums.mean(1) + center_[1], sums.mean(2) + center_[2],
            (xz * yy - yz * xy) / determinant, (yz * xx - xz * xy) / determinant};
  }

  std::span<const VoxelColumn> columns_;
  std::span<const double> low_;
  double voxel_;
  CellGroups cells_;
  double ridge_ = 0.0;
  std::array<double, 3> center_{};   ///< sums are most exact from the middle
  std::vector<Moments> moments_;     ///< [cells]
  std::vector<GroundPlane> planes_;  ///< [cells]
};

}  // namespace

CellValues<GroundPlane> ground_planes(std::span<const VoxelColumn> columns,
                                      std::span<const double> low, std::span<const double> above,
                                      double voxel, std::size_t level) {
  if (columns.empty()) return {};
  PlaneFit planes(columns, low, voxel, level);
  std::vector<double> weights(columns.size());
  parallel_each(columns.size(), kItemsPerTask,
                [&](std::size_t c) { weights[c] = weight_at(above[c], kFirstScale); });
  planes.fit(weights);
  for (std::size_t round = 0; round < kRounds; ++round) {
    parallel_each(columns.size(), kItemsPerTask, [&](std::size_t c) {
      const double height = planes.height(c);
      weights[c] = weight_at(height, height > 0.0 ? kScaleAbove : kScaleBelow);
    });
    planes.fit(weights);
  }
  return std::move(planes).take();
}

}  // namespace ptattn
