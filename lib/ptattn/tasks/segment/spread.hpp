#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/tasks/segment/segment.hpp"

namespace ptattn {

/// Returns the indices of a cloud's points without some.
/// @param left_out  ascending
[[nodiscard]] std::vector<std::size_t> all_but(std::size_t points,
                                               std::span<const std::uint32_t> left_out);

/// Puts what was said about some points of a cloud where these stand in it. The others count as
/// stray.
/// @param some  of the points `all_but(cloud.size(), left_out)`
[[nodiscard]] Segmentation spread(Segmentation some, const PointCloud& cloud,
                                  std::span<const std::uint32_t> left_out);

}  // namespace ptattn
