#pragma once

#include <Eigen/Core>

#include "ptattn/tasks/geometry/moments.hpp"

namespace ptattn {

/// Returns the covariance [3, 3] of points, divided by their number.
[[nodiscard]] inline Eigen::Matrix3d covariance_of(const Moments& sums) {
  Eigen::Matrix3d covariance;
  for (std::size_t a = 0; a < 3; ++a) {
    for (std::size_t b = 0; b < 3; ++b) {
      covariance(static_cast<Eigen::Index>(a), static_cast<Eigen::Index>(b)) =
          sums.covariance(a, b);
    }
  }
  return covariance;
}

}  // namespace ptattn
