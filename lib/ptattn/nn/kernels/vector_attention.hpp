#pragma once

#include <cstdint>
#include <span>

#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// Points to a scale and a shift per channel.
struct ChannelScaling {
  const float* scale;  ///< [c]
  const float* shift;  ///< [c]
};

/// Scores the neighbours of one query, channel by channel, on the calling thread.
///
///   out[r] = max(scale (keys[neighbors[r]] - query + offsets[r]) + shift, 0)
///
/// @param query      [c]
/// @param neighbors  [k], each below keys.rows
/// @param offsets    [k, c]
/// @param out        [k, c]
void vector_scores(const float* query, MatrixView keys, std::span<const std::uint32_t> neighbors,
                   MatrixView offsets, const ChannelScaling& norm, MutableMatrixView out);

/// Pools the values of neighbours, channel by channel, on the calling thread.
///
///   out = sum_r weights[r] (values[neighbors[r]] + offsets[r])
///
/// @param neighbors         [k], each below values.rows
/// @param offsets, weights  [k, c]
/// @param out               [c]
void pool_neighbors(MatrixView values, std::span<const std::uint32_t> neighbors, MatrixView offsets,
                    MatrixView weights, float* out);

}  // namespace ptattn
