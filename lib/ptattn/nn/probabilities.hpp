#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// Turns the class scores of one object into probabilities, in float64:
///
///   p_c = exp(s_c - max s) / sum_k exp(s_k - max s)
///
/// @param scores   [classes], at least one
/// @param network  what error messages call the network
/// @throws Error(Fault::kModel) when a score is NaN or infinite: such weights name nothing
[[nodiscard]] std::vector<double> class_probabilities(std::span<const float> scores,
                                                      std::string_view network);

/// Turns weighted sums of class scores into probabilities, row by row, in their place:
///
///   p_ic = exp((s_ic - max s_i) / w_i) / sum_k exp((s_ik - max s_i) / w_i)
///
/// which is the softmax of the weighted mean s_i / w_i.
/// @param scores   [n, classes]
/// @param weights  [n], positive; empty: 1
/// @param network  what error messages call the network
/// @throws Error(Fault::kModel) when a score is NaN or infinite
/// Time O(n classes); the same bits for any thread count.
void class_probabilities(MutableMatrixView scores, std::span<const float> weights,
                         std::string_view network);

}  // namespace ptattn
