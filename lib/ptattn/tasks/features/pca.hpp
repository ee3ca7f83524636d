#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ptattn/cloud/paint.hpp"
#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// Holds directions in which rows vary most (Pearson 1901; Hotelling 1933).
struct Pca {
  std::vector<double> mean;  ///< [c]
  std::vector<double>
      scale;  ///< [c] standard deviation; 1 for a column without spread (beyond rounding)
  std::vector<double> components;  ///< [r, c] row-major, orthonormal, largest variance first
  std::vector<double> variances;   ///< [r] along each component, of columns scaled to variance 1
};

/// Returns the principal components of the columns scaled to variance 1, so that no unit outweighs
/// another.
///
/// The sign of a component is such that its largest entry (the first of equals) is positive. Fitted
/// to every s-th row, s = ceil(n / 16384): enough for the covariances, whatever n.
/// @param x           [n, c], finite, n >= 1, c >= 1
/// @param components  r; all of them when there are fewer columns
/// @throws            Error(Fault::kUsage) when an argument is not as said
/// Float64. Time O(min(n, 16384) c^2 + c^3) on one core; the same bits for any thread count.
[[nodiscard]] Pca fit_pca(MatrixView x, std::size_t components);

/// Returns the rows along the components: ((x - mean) / scale) . component.
/// @param x  [n, c]
/// @return   [n, r]
/// @throws   Error(Fault::kUsage) when x has another number of columns
/// Time O(n c r); parallel; the same bits for any thread count.
[[nodiscard]] Matrix project(const Pca& pca, MatrixView x);

/// Paints rows in their first three principal components, as red, green and blue.
///
/// Each is stretched so that its 2nd percentile becomes 0 and its 98th 255 (percentiles of the rows
/// that `fit_pca` looks at); a component without such a spread is 128 everywhere, also one that
/// does not exist.
class PcaColors {
 public:
  /// Fits it to rows, finite.
  explicit PcaColors(MatrixView rows);
  /// @param x  [n, c], finite; also other rows than it was fitted to
  /// @return   [n]
  /// Cost as project.
  [[nodiscard]] std::vector<Rgb> operator()(MatrixView x) const;

  /// Returns which rows of n decide on the colours: every so many-th from the first on.
  [[nodiscard]] static std::size_t step(std::size_t n);

 private:
  /// Maps values of one component to bytes.
  struct Stretch {
    double low = 0.0;
    double high = 0.0;

    [[nodiscard]] std::uint8_t operator()(float value) const;
  };

  Pca pca_;
  std::vector<Stretch> stretches_;  ///< [components]
};

/// Returns the colours of rows by PcaColors fitted to themselves.
/// @param x  [n, c], finite
/// @return   [n]
/// Cost as fit_pca and project.
[[nodiscard]] std::vector<Rgb> pca_colors(MatrixView x);

}  // namespace ptattn
