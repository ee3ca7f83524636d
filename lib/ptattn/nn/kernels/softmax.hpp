#pragma once

#include <cstdint>
#include <span>

#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// Weights below exp(kSoftmaxFloor) = 9e-27 of a column's largest become zero. Nothing downstream
/// can notice in float32, and no denormal number arises, which costs some CPUs a hundred cycles.
inline constexpr float kSoftmaxFloor = -60.0F;

/// Softmax of every column, in place, on the calling thread.
///
///   x[i, j] <- exp(x[i, j] - m_j) / sum_i exp(x[i, j] - m_j),  m_j = max_i x[i, j]
///
/// Columns do not touch each other: views of some columns give the same bits as the whole.
/// @param x  [n, c], finite
void softmax_columns(MutableMatrixView x);

/// Softmax of every row, in place, on the calling thread, over the values that count.
///
/// What does not count gets weight zero; so does a whole row in which nothing counts.
/// @param x      [n, c], finite or -infinity; -infinity does not count
/// @param valid  [n], at most c each: of row i the first valid[i] values count; empty: all
void softmax_rows(MutableMatrixView x, std::span<const std::uint32_t> valid = {});

}  // namespace ptattn
