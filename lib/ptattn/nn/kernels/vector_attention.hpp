#pragma once

#include <cstdint>
#include <span>

#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// out[r] = max(scale (keys[neighbors[r]] - query + offsets[r]) + shift, 0), channel by channel, on
/// the calling thread.
/// @param query         [c]
/// @param neighbors     [k], each below keys.rows
/// @param offsets       [k, c]
/// @param scale, shift  [c]
/// @param out           [k, c]
void vector_scores(const float* query, MatrixView keys, std::span<const std::uint32_t> neighbors,
                   MatrixView offsets, const float* scale, const float* shift,
                   MutableMatrixView out);

/// out = sum_r weights[r] (values[neighbors[r]] + offsets[r]), channel by channel, on the calling
/// thread.
/// @param neighbors         [k], each below values.rows
/// @param offsets, weights  [k, c]
/// @param out               [c]
void pool_neighbors(MatrixView values, std::span<const std::uint32_t> neighbors, MatrixView offsets,
                    MatrixView weights, float* out);

}  // namespace ptattn
