#pragma once

#include <string>
#include <vector>

#include "ptattn/cloud/bounds.hpp"
#include "ptattn/cloud/point_cloud.hpp"

namespace ptattn::tools {

/// Refuses two clouds that cannot be compared point by point: of other numbers of points, of places
/// that lie apart, or of points that stand in another order (half of them lie farther from their
/// partners than a fifth of the clouds' size). Smoothed and corrected clouds pass.
/// @throws Error(Fault::kInput)
void refuse_unlike(const PointCloud& a, const PointCloud& b);

/// Where a cloud lies.
struct Place {
  std::string path;
  PositionBounds box;
};

/// Returns a line on clouds so far from the first that they cannot be seen together: farther than
/// ten times the larger one's size; empty when there are none.
[[nodiscard]] std::string note_on_distance(const std::vector<Place>& places);

}  // namespace ptattn::tools
