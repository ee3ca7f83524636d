#pragma once

#include <cstdint>
#include <span>

#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// out[r] = x[indices[r]], on the calling thread.
/// @param indices  [m], each below x.rows
/// @param out      [m, c]
void copy_rows(MatrixView x, std::span<const std::uint32_t> indices, MutableMatrixView out);

/// out = x + y, on the calling thread.
/// @param x, y  [n, c]
/// @param out   [n, c]; may be x or y
void add_matrices(MatrixView x, MatrixView y, MutableMatrixView out);

}  // namespace ptattn
