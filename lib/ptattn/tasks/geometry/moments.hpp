#pragma once

#include <array>
#include <cstddef>

namespace ptattn {

/// Sums over points, from which their mean and covariance follow:
///
///   n = sum w      mean_a = sum w p_a / n      C_ab = sum w p_a p_b / n - mean_a mean_b
///
/// in float64. They are most exact when the origin lies among the points. The sums of two sets are
/// those of their union, so sums of cells can be added up (CellGroups::sum_around).
class Moments {
 public:
  /// Adds a point with a weight.
  void add(double x, double y, double z, double weight = 1.0) {
    const std::array<double, 10> one{1.0, x, y, z, x * x, x * y, x * z, y * y, y * z, z * z};
    for (std::size_t t = 0; t < one.size(); ++t) sums_[t] += weight * one[t];
  }

  /// Returns the sum of the weights.
  [[nodiscard]] double count() const { return sums_[0]; }
  [[nodiscard]] double mean(std::size_t a) const { return sums_[1 + a] / sums_[0]; }
  /// Returns C_ab, divided by n (not by n - 1), for axes 0 to 2.
  [[nodiscard]] double covariance(std::size_t a, std::size_t b) const {
    constexpr std::array<std::array<std::size_t, 3>, 3> kProduct{{{4, 5, 6}, {5, 7, 8}, {6, 8, 9}}};
    return sums_[kProduct[a][b]] / sums_[0] - mean(a) * mean(b);
  }

  /// Returns the number of sums, and each of them.
  [[nodiscard]] std::size_t size() const { return sums_.size(); }
  [[nodiscard]] double& operator[](std::size_t t) { return sums_[t]; }
  [[nodiscard]] double operator[](std::size_t t) const { return sums_[t]; }

 private:
  std::array<double, 10> sums_{};
};

}  // namespace ptattn
