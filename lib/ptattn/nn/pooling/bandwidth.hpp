#pragma once

#include <cstdint>
#include <span>

#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/pooling/kernel_regression.hpp"

namespace ptattn {

/// Points that a kernel is to predict from one another.
struct LeaveOneOut {
  MatrixView keys;    ///< [n, d], finite
  MatrixView values;  ///< [n, c]
  /// Rows to be predicted, [s]; empty: all of them. A sample of some thousands will do.
  std::span<const std::uint32_t> sample{};
  /// [s, r] row-major, the keys that each of them sees (itself is skipped where it stands among
  /// them); one that is n or more stands for none. Empty: all others, in O(s n (d + c)).
  std::span<const std::uint32_t> neighbors{};
  Kernel kernel = Kernel::kGaussian;
  /// [n] how many times each point counts, as a key and as a row to be predicted, not negative;
  /// empty: once.
  std::span<const float> weights{};
};

/// Returns the mean over the sample, by weight, of |y_i - f_without_i(x_i)|^2.
///
/// A point that sees no other through the kernel is predicted by the average of all it could see,
/// as by an infinitely wide kernel: a narrow window is not rewarded for seeing nothing. Points that
/// could see nothing do not count; the loss of no points is 0.
/// @throws Error(Fault::kUsage) when the shapes do not fit each other
/// The same bits for any thread count.
[[nodiscard]] double leave_one_out_loss(const LeaveOneOut& points, float bandwidth);

/// Represents a learnt width: w = 1 / bandwidth.
struct BandwidthFit {
  double bandwidth = 1.0;
  double loss = 0.0;      ///< leave-one-out loss at `bandwidth`
  double constant = 0.0;  ///< that of average pooling, to compare with
};

/// Learns the width of the parametric kernel regression by the leave-one-out loss, with
/// `minimize_over_log` between a bandwidth below all distances and one beyond them.
///
/// Where all keys coincide every width is the same, and the result is 1.
/// @throws Error(Fault::kUsage) when the shapes do not fit each other
/// Time of about 45 losses; deterministic.
[[nodiscard]] BandwidthFit fit_bandwidth(const LeaveOneOut& points);

}  // namespace ptattn
