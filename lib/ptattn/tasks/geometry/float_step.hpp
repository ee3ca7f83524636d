#pragma once

#include <optional>
#include <span>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/cloud/types.hpp"
#include "ptattn/tasks/geometry/hint.hpp"

namespace ptattn {

/// Returns the distance between neighbouring float32 numbers at the largest coordinate of the axes
/// that are stored as float32, or as float64 that hold nothing but rounded float32; 0 without any.
/// @param positions  finite ones of `cloud`
/// Time O(1): looks at a thousand points.
[[nodiscard]] double float_step(const PointCloud& cloud, std::span<const Position> positions);

/// Returns a hint where the steps are coarser than half the spacing of the points (and a 2000th of
/// their extent). Time O(n log n) where they may be, else O(n).
/// @param share  of the cloud's points that are here: thinned, a surface has its points farther apart
[[nodiscard]] std::optional<Hint> float_hint(const PointCloud& cloud,
                                             std::span<const Position> positions,
                                             double share = 1.0);

}  // namespace ptattn
