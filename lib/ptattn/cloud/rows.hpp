#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"
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

/// Returns some points of a cloud as a cloud of their own, with all fields and the name; comments
/// and other metadata stay behind.
/// @param indices  of the points
/// Time and memory O(chosen points).
[[nodiscard]] PointCloud take_points(const PointCloud& cloud,
                                     const std::vector<std::size_t>& indices);

}  // namespace ptattn
