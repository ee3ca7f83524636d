#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ptattn/cloud/types.hpp"
#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/pooling/kernel_regression.hpp"
#include "ptattn/tasks/geometry/neighborhood.hpp"

namespace ptattn {

/// Lists the points that are the keys or the queries of a transfer.
struct TransferPoints {
  std::span<const Position> positions;  ///< finite
  MatrixView features{};  ///< [n, f], finite, on the same scales in both clouds; empty: none
};

/// Holds what is known at each of the keys: exactly one of the two.
struct TransferTargets {
  std::span<const std::uint32_t> classes{};  ///< categorical: equal numbers are equal classes
  std::span<const double> values{};          ///< numeric, finite
};

/// Measures how far apart two points are, in the unit of the cloud, and how far a kernel sees:
///
///   d^2 = dx^2 + dy^2 + (vertical dz)^2 + sum_f (features_f df)^2,   u = d / bandwidth
struct TransferMetric {
  double bandwidth = 1.0;
  double vertical = 1.0;
  std::vector<double> features{};  ///< one a column of features
};

struct TransferOptions {
  Kernel kernel = Kernel::kGaussian;
  /// The k nearest by the first three terms of d; of these those within `radius`, as the crow flies
  Neighborhood neighborhood{.k = 16};
  std::optional<double> bandwidth{};  ///< nullopt: learnt
  std::optional<double> vertical{};   ///< nullopt: learnt
};

}  // namespace ptattn
