#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ptattn/cloud/normalize.hpp"
#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/pooling/kernel_regression.hpp"
#include "ptattn/tasks/geometry/neighborhood.hpp"
#include "ptattn/tasks/progress.hpp"

namespace ptattn {

/// Points that are the keys or the queries of a transfer.
struct Places {
  std::span<const Position> positions;  ///< finite
  MatrixView features{};  ///< [n, f], finite, on the same scales in both clouds; empty: none
};

/// What is known at each of the keys: exactly one of the two.
struct Known {
  std::span<const std::uint32_t> classes{};  ///< categorical: equal numbers are equal classes
  std::span<const double> values{};          ///< numeric, finite
};

/// How far apart two points are, in the unit of the cloud, and how far a kernel sees:
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

/// A metric and how well it predicts every known point from the others; means over a sample.
struct LearntMetric {
  TransferMetric metric;
  /// Classes: Brier score, sum_c (share of c - [c is true])^2, from 0 to 2. Values: squared error.
  double loss = 0.0;
  double right = 0.0;  ///< classes: share of points that the vote names rightly
};

/// Learns the metric from the known points alone, by leave-one-out.
///
/// `vertical` is one of 1/2, 1, 2, ..., 32 (surveys are layered: what is as high as a point tells
/// more about it than what is as near), the bandwidth comes from `minimize_over_log`, then each
/// feature in turn gets the best of 0, 1/4, 1/2, 1, 2, 4 bandwidths, and the bandwidth is learnt
/// once more. Judged by at most 16384 evenly spread points. Deterministic; the first of equals.
/// @throws Error(Fault::kUsage) when an argument is not as said
/// Time O(n log n), seven trees; about 60 leave-one-out losses.
[[nodiscard]] LearntMetric learn_metric(const Places& keys, const Known& known,
                                        const TransferOptions& options);

/// What a query gets.
struct Transferred {
  /// Classes: a key of the winning class, the nearest; kNoIndex: no key within the radius
  std::vector<std::uint32_t> winner;
  std::vector<float> confidence;  ///< classes: the winner's share of the weights; else 0
  std::vector<double> values;     ///< values: their kernel average; NaN: no key within the radius
};

/// Carries classes by weighted vote or values by kernel regression:
///
///   share of c = sum_j a_j [class_j = c],   value = sum_j a_j y_j,   a_j = K(u_j) / sum K(u)
///
/// over the neighbourhood of each query. Equal shares: the class of the nearest key wins. A query
/// with a window that no weight reaches (a boxcar narrower than the distance) takes what the
/// nearest has; one that coincides with keys takes what they have: labelled points keep their
/// labels.
/// @throws Error(Fault::kUsage) when an argument is not as said
/// Positions are taken relative to the middle of the keys, in float64, and compared in float32.
/// Time O(n log n + m (k + log n)); memory 50 bytes a key and 20 a query. The same bits for any
/// thread count.
[[nodiscard]] Transferred transfer(const Places& keys, const Known& known, const Places& queries,
                                   const TransferMetric& metric, const TransferOptions& options,
                                   const Advance& advance = {});

}  // namespace ptattn
