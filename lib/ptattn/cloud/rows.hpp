#pragma once

#include <cstdint>
#include <span>

#include "ptattn/cloud/types.hpp"
#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// Rounds positions to rows of float32, relative to `origin`: the difference is taken in float64,
/// so that georeferenced clouds keep their detail.
/// @return [n, 3]
/// Time O(n); parallel; the same bits for any thread count.
[[nodiscard]] Matrix rows_relative_to(const Position& origin, std::span<const Position> positions);

/// Rounds the positions at `rows`.
/// @return [rows, 3]
[[nodiscard]] Matrix rows_relative_to(const Position& origin, std::span<const Position> positions,
                                      std::span<const std::uint32_t> rows);

}  // namespace ptattn
