#pragma once

#include <cstdint>
#include <span>

#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// Computes the softmax of every row over the values that count, in place.
///
///   x_ij <- exp(x_ij - m_i) / sum_j exp(x_ij - m_i),  m_i = max_j x_ij    over the j that count
///
/// Of row i the first valid[i] values count, except those that are -infinity (an additive mask).
/// The others get weight zero; so does a whole row in which nothing counts.
/// @param x      [n, c]
/// @param valid  [n], at most c each; empty: every value counts
/// @throws       Error(Fault::kUsage) when `valid` does not fit x
/// Time O(n c); the same bits for any thread count.
void masked_softmax(MutableMatrixView x, std::span<const std::uint32_t> valid = {});

}  // namespace ptattn
