#pragma once

#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/kernels/activation.hpp"
#include "ptattn/nn/linear.hpp"

namespace ptattn {

/// Represents the position-wise network of a Transformer layer.
struct FeedForward {
  Linear first;   // [c, f]
  Linear second;  // [f, c]
  Activation activation = Activation::kRelu;
};

/// Returns second activation(first x)    row by row (Vaswani et al. 2017, eq. 2)
/// @param x  [n, c]
/// @return   [n, c]
/// @throws   Error(Fault::kUsage) when the shapes do not fit each other
/// Time 2 n c f multiply-adds, memory O(n f); the same bits for any thread count.
[[nodiscard]] Matrix feed_forward(const FeedForward& w, MatrixView x);

}  // namespace ptattn
