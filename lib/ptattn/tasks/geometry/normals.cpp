#include "ptattn/tasks/geometry/normals.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>

#include "ptattn/core/parallel.hpp"
#include "ptattn/neighbors/kd_tree.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kBlock = 65536;     // points whose neighbours are known at a time
constexpr std::size_t kGrain = 256;       // points a task
constexpr double kLeastVariance = 1e-10;  // of the largest: less means that there is no plane

Eigen::Vector3d upwards(const Eigen::Vector3d& normal) {
  const double sign = normal.z() != 0.0 ? normal.z() : normal.x() != 0.0 ? normal.x() : normal.y();
  return sign < 0.0 ? Eigen::Vector3d(-normal) : normal;
}

Eigen::Vector3d normal_of(std::span<const Position> positions,
                          std::span<const std::uint32_t> near) {
  const auto at = [&](std::uint32_t i) {
    return Eigen::Vector3d(positions[i][0], positions[i][1], positions[i][2]);
  };
  const Eigen::Vector3d first = at(near.front());
  Eigen::Vector3d mean = Eigen::Vector3d::Zero();
  for (const std::uint32_t i : near) mean += at(i) - first;
  mean /= static_cast<double>(near.size());
  Eigen::Matrix3d covariance = Eigen::Matrix3d::Zero();
  for (const std::uint32_t i : near) {
    const Eigen::Vector3d offset = at(i) - first - mean;
    covariance += offset * offset.transpose();
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::Matrix3d> solver(covariance);
  if (solver.eigenvalues()[1] <= kLeastVariance * solver.eigenvalues()[2]) {
    return Eigen::Vector3d::UnitZ();
  }
  return upwards(solver.eigenvectors().col(0));
}

}  // namespace

Matrix estimate_normals(std::span<const Position> positions, std::size_t k) {
  Matrix normals(positions.size(), 3);
  if (positions.empty()) return normals;
  k = std::min(k, positions.size());
  const Matrix points = normalized(positions, unit_sphere(positions));
  const KdTree tree(points);
  for (std::size_t begin = 0; begin < positions.size(); begin += kBlock) {
    const std::size_t count = std::min(kBlock, positions.size() - begin);
    const IndexTable near = tree.k_nearest(MatrixView(points).rows_range(begin, count), k);
    parallel_each(count, kGrain, [&](std::size_t i) {
      const Eigen::Vector3d normal = normal_of(positions, {near.row(i), k});
      for (std::size_t axis = 0; axis < 3; ++axis) {
        normals(begin + i, axis) = static_cast<float>(normal[static_cast<Eigen::Index>(axis)]);
      }
    });
  }
  return normals;
}

}  // namespace ptattn
