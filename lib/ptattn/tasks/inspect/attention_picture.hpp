#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/tasks/inspect/attention_rows.hpp"

namespace ptattn {

/// Returns tokens along a Hilbert curve through a grid of 1024 cells along the longest side of
/// their bounding box, so that neighbours in space are, mostly, neighbours in the order.
/// @param tokens  [t, 3], finite
/// @return        [t] indices; tokens of the same cell in their own order
[[nodiscard]] std::vector<std::uint32_t> hilbert_order(MatrixView tokens);

/// Represents a with rows and columns in Hilbert order, as a picture of s = min(t, most_cells)
/// cells a side: the weights under each cell averaged by area.
struct AttentionPicture {
  Matrix cells;            ///< [s, s]
  std::size_t tokens = 0;  ///< t
};
/// @param most_cells  >= 1
/// @throws as attention_rows
/// Memory O(s t).
[[nodiscard]] AttentionPicture attention_picture(const TracedPass& forward,
                                                 const AttentionChoice& choice,
                                                 std::size_t most_cells);

}  // namespace ptattn
