#pragma once

#include <cstdint>
#include <span>

#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// out[i, j] = sum over axes a of table[clamp(q_ia - k_aj, -b, b) + b + a (2b + 1)], added in the
/// order of the axes, on the calling thread.
/// @param table     [3 (2b + 1)]
/// @param bound     b
/// @param queries   [m, 3] row-major
/// @param key_axes  [3, n]: x of all keys, then y, then z
/// @param out       [m, n]
void table_bias(const float* table, std::int32_t bound, std::span<const std::int32_t> queries,
                std::span<const std::int32_t> key_axes, MutableMatrixView out);

}  // namespace ptattn
