#pragma once

namespace ptattn {

/// Slope of the leaky rectifier below zero.
inline constexpr float kLeakyReluSlope = 0.2F;

/// Element-wise function at the end of a layer.
enum class Activation {
  kNone,
  kRelu,       ///< max(x, 0)
  kLeakyRelu,  ///< max(x, 0.2 x)
};

}  // namespace ptattn
