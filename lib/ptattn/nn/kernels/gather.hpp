#pragma once

#include <cstdint>
#include <span>

#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// out[r] = max(x[indices[r]] + center, 0), on the calling thread.
/// @param x        [n, c]
/// @param indices  [k], each below n
/// @param center   [c]
/// @param out      [k, c]
void gather_add_relu(MatrixView x, std::span<const std::uint32_t> indices, const float* center,
                     MutableMatrixView out);

}  // namespace ptattn
