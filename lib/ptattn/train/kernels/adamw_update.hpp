#pragma once

#include <cstddef>

namespace ptattn::train {

/// Holds what a step of AdamW does to all values of a group alike; see ptattn::train::AdamW.
struct AdamWFactors {
  float beta1;
  float beta2;
  float root2;    ///< sqrt(1 - beta2^t)
  float epsilon;  ///< of the denominator
  float shrink;   ///< 1 - rate decay
  float advance;  ///< rate / (1 - beta1^t)
};

/// Views values of a group with what belongs to them.
struct AdamWValues {
  const float* gradients;  ///< [n]
  float* first;            ///< [n] moments m
  float* second;           ///< [n] moments v
  float* values;           ///< [n]
  std::size_t count;
};

/// Updates moments and values, on the calling thread:
///
///   m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g^2
///   w = shrink w - advance m / (sqrt(v) / root2 + epsilon)
///
/// A value's result depends on the CPU level and not on what is beside it.
void update_values(const AdamWFactors& factors, const AdamWValues& values);

/// Returns the sum of x^2 in float64, on the calling thread; its order depends on the CPU's vector
/// width.
[[nodiscard]] double sum_of_squares(const float* x, std::size_t count);

}  // namespace ptattn::train
