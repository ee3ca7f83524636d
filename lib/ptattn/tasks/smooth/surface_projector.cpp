#include "ptattn/tasks/smooth/surface_projector.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

namespace ptattn {
namespace {

constexpr int kSteps = 4;            // of a projection, at most
constexpr double kStillness = 1e-3;  // of h: a step that small is the last
constexpr double kSlopeRidge = 1e-3;
constexpr double kCurvatureRidge = 0.02;

using Terms = Eigen::Matrix<double, 6, 1>;

}  // namespace

Eigen::Vector3d SurfaceProjector::project(std::uint32_t point,
                                          std::span<const std::uint32_t> neighbors, Self self) {
  gather(point, neighbors, self);
  Eigen::Vector3d foot = Eigen::Vector3d::Zero();
  for (int step = 0; step < kSteps && weigh(foot); ++step) {
    const Eigen::Matrix3d axes = frame(foot);
    const double along = height(foot, axes);
    foot += along * axes.col(0);
    if (std::abs(along) <= kStillness * bandwidth_) break;
  }
  return foot;
}

void SurfaceProjector::gather(std::uint32_t point, std::span<const std::uint32_t> neighbors,
                              Self self) {
  const Position& center = positions_[point];
  offsets_.clear();
  for (const std::uint32_t j : neighbors) {
    if (j >= positions_.size() || (self == Self::kLeftOut && j == point)) continue;
    const Position& p = positions_[j];
    offsets_.emplace_back(p[0] - center[0], p[1] - center[1], p[2] - center[2]);
  }
  weights_.resize(offsets_.size());
}

/// Returns false when there is nothing to weigh.
bool SurfaceProjector::weigh(const Eigen::Vector3d& from) {
  if (offsets_.empty()) return false;
  const double scale = 1.0 / (bandwidth_ * bandwidth_);
  const auto measure = [&] {
    for (std::size_t j = 0; j < offsets_.size(); ++j) {
      const double u2 = std::min((offsets_[j] - from).squaredNorm() * scale, 1e30);
      weights_[j] = static_cast<float>(u2);
    }
  };
  measure();
  if (kernel_weights(kernel_, weights_) > 0.0F) return true;
  measure();  // nothing within reach: all of the window, as to an infinitely wide kernel
  return kernel_weights(Kernel::kConstant, weights_) > 0.0F;
}

/// The normal and two tangents, as columns.
Eigen::Matrix3d SurfaceProjector::frame(const Eigen::Vector3d& from) const {
  double total = 0.0;
  Eigen::Vector3d sum = Eigen::Vector3d::Zero();
  for (std::size_t j = 0; j < offsets_.size(); ++j) {
    total += double{weights_[j]};
    sum += double{weights_[j]} * (offsets_[j] - from);
  }
  const Eigen::Vector3d mean = from + sum / total;
  Eigen::Matrix3d scatter = Eigen::Matrix3d::Zero();
  for (std::size_t j = 0; j < offsets_.size(); ++j) {
    const Eigen::Vector3d d = offsets_[j] - mean;
    scatter += double{weights_[j]} * d * d.transpose();
  }
  Eigen::SelfAdjointEigenSolver<Eigen::Matrix3d> solver;
  solver.computeDirect(scatter);
  return solver.eigenvectors();  // eigenvalues ascend
}

/// g(0, 0) of the best quadratic.
double SurfaceProjector::height(const Eigen::Vector3d& from, const Eigen::Matrix3d& axes) const {
  Eigen::Matrix<double, 6, 6> matrix = Eigen::Matrix<double, 6, 6>::Zero();
  Terms right = Terms::Zero();
  double total = 0.0;
  double low = 0.0;
  double high = 0.0;
  for (std::size_t j = 0; j < offsets_.size(); ++j) {
    const double weight = weights_[j];
    if (weight == 0.0) continue;
    const Eigen::Vector3d d = axes.transpose() * (offsets_[j] - from);
    const double u = d[1] / bandwidth_;
    const double v = d[2] / bandwidth_;
    Terms terms;
    terms << 1.0, u, v, u * u, u * v, v * v;
    matrix.noalias() += weight * terms * terms.transpose();
    right += weight * d[0] * terms;
    total += weight;
    low = std::min(low, d[0]);
    high = std::max(high, d[0]);
  }
  for (int i = 1; i < 6; ++i) matrix(i, i) += (i < 3 ? kSlopeRidge : kCurvatureRidge) * total;
  const Terms solution = matrix.ldlt().solve(right);
  return std::isfinite(solution[0]) ? std::clamp(solution[0], low, high) : 0.0;
}

}  // namespace ptattn
