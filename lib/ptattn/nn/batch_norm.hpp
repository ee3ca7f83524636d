#pragma once

#include <vector>

#include "ptattn/nn/linear.hpp"

namespace ptattn {

/// Holds batch normalisation at inference (Ioffe and Szegedy 2015), per channel:
///
///   y = gamma (x - mean) / sqrt(variance + eps) + beta
struct BatchNorm {
  std::vector<float> gamma;     // [c]
  std::vector<float> beta;      // [c]
  std::vector<float> mean;      // [c], running mean of the training
  std::vector<float> variance;  // [c], running variance of the training, > -eps
  double eps = 1e-5;
};

/// Scales and shifts each channel: what a batch norm is at inference, where no layer stands in
/// front into which it could be folded:
///
///   y = scale x + shift
struct Affine {
  std::vector<float> scale;  // [c]
  std::vector<float> shift;  // [c]
};

/// Computes scale = gamma / sqrt(variance + eps), shift = beta - scale mean; in float64, rounded
/// once.
[[nodiscard]] Affine affine_of(const BatchNorm& norm);

/// Applies an affine map and an activation in place: x <- activation(scale x + shift).
/// @param x  [n, c]
/// @throws   Error(Fault::kUsage) when the shapes do not fit each other
/// Time O(n c); parallel over rows; the same bits for any thread count.
void apply(const Affine& norm, Activation activation, MutableMatrixView x);

/// Folds a batch norm into the layer in front of it: with s = gamma / sqrt(variance + eps),
///
///   W' = s W,  bias' = s (bias - mean) + beta
///
/// Computed in float64 and rounded once.
/// @param dense  [out, in], out channels as `norm`
[[nodiscard]] DenseWeights folded(DenseWeights dense, const BatchNorm& norm);

}  // namespace ptattn
