#pragma once

#include <cstddef>
#include <cstdint>

#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/kernels/attention_scores.hpp"

namespace ptattn {

/// ptattn::neighbor_attention of one list of neighbours a query, on the calling thread, shapes
/// unchecked. The order of a score's sum depends on the CPU's vector width and on nothing else.
/// @param neighbors  [m, r]
/// @param scores     `scale` is what it says, not 0
void attend_to_neighbors(MatrixView q, MatrixView k, MatrixView v, const std::uint32_t* neighbors,
                         std::size_t r, const AttentionScores& scores, MutableMatrixView out);

}  // namespace ptattn
