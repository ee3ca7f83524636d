#pragma once

#include <optional>
#include <span>

#include "ptattn/cloud/types.hpp"
#include "ptattn/tasks/geometry/hint.hpp"

namespace ptattn {

/// Returns a hint `flat` where all points have the same x, y or z, as if a dimension were missing;
/// nothing for points that all coincide, or for fewer than two.
/// @param positions  finite
/// Time O(n).
[[nodiscard]] std::optional<Hint> flat_hint(std::span<const Position> positions);

}  // namespace ptattn
