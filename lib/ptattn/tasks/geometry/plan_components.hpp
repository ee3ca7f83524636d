#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace ptattn {

/// Names a square cell of the plane: its index along x and y.
using PlanCell = std::pair<std::int64_t, std::int64_t>;

/// Numbers connected things: items in one cell, and in cells that touch by a side or a corner, have
/// one number. Numbers count from 0 in the lexicographic order of the first cells.
/// @param cells  of the items
/// @return       [items]
/// Time O(n log n); deterministic.
[[nodiscard]] std::vector<std::int32_t> plan_components(std::span<const PlanCell> cells);

/// Returns the cells that hold items, in lexicographic order, each once.
[[nodiscard]] std::vector<PlanCell> occupied_cells(std::span<const PlanCell> cells);

/// Returns the place of a cell in a list of occupied_cells; the list's size where it is not there.
[[nodiscard]] std::size_t place_of(std::span<const PlanCell> occupied, const PlanCell& cell);

}  // namespace ptattn
