#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/kernels/pooling_kernel.hpp"

namespace ptattn {

/// Holds what is pooled: keys that queries are compared with, and the value of each.
struct KeyValues {
  MatrixView keys;    ///< [n, d], finite
  MatrixView values;  ///< [n, c]
};

/// Turns squared distances in units of h into kernel weights, in place, on the calling thread.
///
///   squared[j] <- K(sqrt(squared[j])), the Gaussian relative to the smallest of them
///
/// Infinity stands for no key and becomes zero. Returns the sum of the weights.
float kernel_weights(Kernel kernel, std::span<float> squared);

/// Pools values with weights that depend on distance alone: kernel regression.
///
///   f(x) = sum_i a(x, x_i) y_i,   a(x, x_i) = K(|x - x_i| / h) / sum_j K(|x - x_j| / h)
///
/// (Nadaraya 1964; Watson 1964; Zhang et al., Dive into Deep Learning, section 11.2.) The Gaussian
/// is the parametric attention softmax(-((x - x_i) w)^2 / 2) with w = 1 / h; its weights are taken
/// relative to the nearest key's, so that they never vanish all at once, and below
/// exp(kSoftmaxFloor) of it they are zero. Distances are sums of squared differences, not expanded
/// into products: nothing cancels, however far the keys are from the origin. A query that no key
/// reaches (a boxcar with an empty window) attends to nothing: its result and support are zero.
/// @param queries  [m, d], finite
/// @param out      [m, c]; overlaps nothing
/// @param support  [m] or empty: sum_j K for each query, the Gaussian's relative to the nearest;
///                 zero where nothing was seen
/// @throws         Error(Fault::kUsage) when the shapes do not fit each other or a bandwidth is
///                 negative or NaN
/// Time O(m n (d + c)), memory O(n d) beside the result: blocked, no [m, n] matrix exists. Parallel
/// over queries; the same bits for any thread count.
void kernel_regression(MatrixView queries, const KeyValues& pairs, const KernelPooling& pooling,
                       MutableMatrixView out, std::span<float> support = {});

/// Pools values when query i sees the keys of its own list only.
/// @param neighbors  [m, r] row-major indices of keys; one that is n or more stands for no key
/// Time O(m r (d + c)), memory O(1) beside the result.
void neighbor_kernel_regression(MatrixView queries, const KeyValues& pairs,
                                std::span<const std::uint32_t> neighbors,
                                const KernelPooling& pooling, MutableMatrixView out,
                                std::span<float> support = {});

/// Computes the weights a(x_i, x_j) of such lists themselves, to pool something that is not a
/// matrix.
/// @param out  [m, r]; rows sum to 1, or are zero where nothing is seen
void neighbor_kernel_weights(MatrixView queries, MatrixView keys,
                             std::span<const std::uint32_t> neighbors, const KernelPooling& pooling,
                             MutableMatrixView out, std::span<float> support = {});

}  // namespace ptattn
