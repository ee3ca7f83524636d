#pragma once

#include <cstddef>
#include <cstdint>

#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/kernels/attention_scores.hpp"

namespace ptattn {

/// Holds one list of keys per query, all of one length.
struct NeighborLists {
  const std::uint32_t* keys;  ///< [m, length]
  std::size_t length;

  [[nodiscard]] const std::uint32_t* of(std::size_t query) const { return keys + query * length; }
};

/// Computes ptattn::neighbor_attention on the calling thread, shapes unchecked. The order of a
/// score's sum depends on the CPU's vector width and on nothing else.
/// @param scores  `scale` is what it says, not 0
void attend_to_neighbors(MatrixView q, MatrixView k, MatrixView v, const NeighborLists& neighbors,
                         const AttentionScores& scores, MutableMatrixView out);

}  // namespace ptattn
