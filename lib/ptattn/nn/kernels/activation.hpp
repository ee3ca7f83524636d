#pragma once

namespace ptattn {

/// Slope of the leaky rectifier below zero.
inline constexpr float kLeakyReluSlope = 0.2F;

/// Names the element-wise function at the end of a layer.
enum class Activation {
  kNone,
  kRelu,       ///< max(x, 0)
  kLeakyRelu,  ///< max(x, 0.2 x)
  kGelu,       ///< x (1 + erf(x / sqrt 2)) / 2, exact (Hendrycks and Gimpel 2016)
};

}  // namespace ptattn
