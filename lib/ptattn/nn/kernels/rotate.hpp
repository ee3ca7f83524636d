#pragma once

#include <cstddef>

#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// Rotates pairs of channels of every row, in place, on the calling thread. A row of x is cut in
/// chunks of w channels, which use the chunks of the row of `angles` in turn, from its first one
/// again after its last; inside a chunk, with (s, c) = angles[2j], angles[2j + 1],
///
///   (x_j, x_{j + w/2}) <- (x_j c - x_{j + w/2} s, x_{j + w/2} c + x_j s)
///
/// @param angles  [n, d], sine and cosine by turns, d a multiple of w
/// @param width   w, even
/// @param x       [n, h d]
void rotate_chunks(MatrixView angles, std::size_t width, MutableMatrixView x);

}  // namespace ptattn
