#pragma once

#include <vector>

#include "ptattn/nn/linear.hpp"

namespace ptattn {

/// Batch normalisation at inference (Ioffe and Szegedy 2015), per channel:
///
///   y = gamma (x - mean) / sqrt(variance + eps) + beta
struct BatchNorm {
  std::vector<float> gamma;     // [c]
  std::vector<float> beta;      // [c]
  std::vector<float> mean;      // [c], running mean of the training
  std::vector<float> variance;  // [c], running variance of the training, > -eps
  double eps = 1e-5;
};

/// The layer that does `dense` and then `norm` in one: with s = gamma / sqrt(variance + eps),
///
///   W' = s W,  bias' = s (bias - mean) + beta
///
/// Computed in float64 and rounded once.
/// @param dense  [out, in], out channels as `norm`
[[nodiscard]] DenseWeights folded(DenseWeights dense, const BatchNorm& norm);

}  // namespace ptattn
