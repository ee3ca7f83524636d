#pragma once

#include <cstddef>
#include <span>

#include "ptattn/cloud/normalize.hpp"
#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// Returns the unit normals of a cloud: of each point's k nearest, the direction of least variance
/// (Hoppe et al. 1992), turned so that it does not point down (z > 0, or z = 0 and the first
/// coordinate that is not zero positive). (0, 0, 1) where the neighbours have no plane: fewer than
/// three points, or all on a line.
/// @param positions  finite
/// @return           [n, 3]
/// Time O(n log n + n k); parallel; the same bits for any thread count.
[[nodiscard]] Matrix estimate_normals(std::span<const Position> positions, std::size_t k);

}  // namespace ptattn
