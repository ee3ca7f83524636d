#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <vector>

#include "ptattn/cloud/normalize.hpp"
#include "ptattn/nn/pooling/kernel_regression.hpp"

namespace ptattn {

/// Moves points onto the local surface of their neighbours; the formulas stand at `smooth_surface`.
/// One for each thread: it holds the memory that a projection needs.
class SurfaceProjector {
 public:
  /// @param positions  must outlive the projector
  /// @param bandwidth  positive
  SurfaceProjector(std::span<const Position> positions, Kernel kernel, double bandwidth)
      : positions_(positions), kernel_(kernel), bandwidth_(bandwidth) {}

  enum class Self { kTakesPart, kLeftOut };

  /// Returns where `point` comes to lie, relative to where it is.
  /// @param neighbors  of all points; kNoIndex (or any number beyond the last) stands for none
  [[nodiscard]] Eigen::Vector3d project(std::uint32_t point,
                                        std::span<const std::uint32_t> neighbors, Self self);

 private:
  void gather(std::uint32_t point, std::span<const std::uint32_t> neighbors, Self self);
  [[nodiscard]] bool weigh(const Eigen::Vector3d& from);
  [[nodiscard]] Eigen::Matrix3d frame(const Eigen::Vector3d& from) const;
  [[nodiscard]] double height(const Eigen::Vector3d& from, const Eigen::Matrix3d& axes) const;

  std::span<const Position> positions_;
  Kernel kernel_;
  double bandwidth_;
  std::vector<Eigen::Vector3d> offsets_;  // of the neighbours, from the point
  std::vector<float> weights_;
};

}  // namespace ptattn
