#pragma once

#include <span>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/cloud/types.hpp"
#include "ptattn/tasks/geometry/hint.hpp"

namespace ptattn {

/// Says what makes it unlikely that a cloud is one object as a classifier expects it:
///
///   float  see float_hint
///   alike  all points coincide
///   flat   see flat_hint
///   scene  it lies flat like a piece of the earth and has fields of a scanner (return numbers, GPS
///          time, ASPRS codes) over 8 units and more, or more than 5000 points over 20 and more,
///          500 where its coordinates are those of a country and z is up; or it has such
///          coordinates and fields of a scanner and is 15 units wide, flat or not
///
/// @param positions  of the points that the classifier may use
/// Time O(n log n); the same lines for any thread count.
[[nodiscard]] std::vector<Hint> object_hints(const PointCloud& cloud,
                                             std::span<const Position> positions);

}  // namespace ptattn
