#pragma once

#include <span>

#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/linear.hpp"

namespace ptattn {

/// Returns the mean of every column, in float64 and rounded once.
/// @param x  [n, c], n >= 1
/// @return   [1, c]
/// Time O(n c); the same bits for any thread count.
[[nodiscard]] Matrix channel_means(MatrixView x);

struct SqueezeExciteWeights {
  Linear reduce;  // [c, r]
  Linear expand;  // [r, c]
};

/// Applies squeeze and excitation (Hu et al. 2018, section 3): attention over channels instead of
/// points.
///
///   s = sigmoid(expand ReLU(reduce mean_i x_i)),  out_i = s * x_i    channel by channel
///
/// Permuting the points permutes the rows and changes nothing else beyond rounding.
/// @param x    [n, c], one row a point
/// @param out  [n, c]; x itself, or without overlap
/// @throws     Error(Fault::kUsage) when the shapes do not fit each other
/// Time O(n c + c r); the same bits for any thread count.
void squeeze_excite(const SqueezeExciteWeights& w, MatrixView x, MutableMatrixView out);

/// Applies efficient channel attention (Wang et al. 2020, ECA-Net, eq. 7): neighbouring channels
/// decide, nothing is reduced.
///
///   s_c = sigmoid(sum_t kernel[t] z_{c + t - (k - 1) / 2}),  z = mean_i x_i, zero beyond its ends
///   out_i = s * x_i
///
/// @param kernel  [k], k odd: the weights of a convolution without bias
/// @param x       [n, c], one row a point
/// @param out     [n, c]; x itself, or without overlap
/// @throws        Error(Fault::kUsage) when the shapes do not fit each other or k is even
/// Time O(n c + c k); the same bits for any thread count.
void efficient_channel_attention(std::span<const float> kernel, MatrixView x,
                                 MutableMatrixView out);

}  // namespace ptattn
