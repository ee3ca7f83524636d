#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "ptattn/cloud/normalize.hpp"
#include "ptattn/cloud/point_cloud.hpp"

namespace ptattn::view {

/// Represents the points of a cloud that are drawn.
struct Selection {
  std::size_t finite = 0;            ///< points without a NaN or infinite coordinate
  std::vector<std::size_t> indices;  ///< ascending, into the cloud
};

/// Chooses at most `most` of the points with finite coordinates. Where there are more, they are cut
/// in file order into `most` runs of equal length (to within one) and each gives one point, at a
/// place that a fixed generator draws: all parts of the file keep their share, as do the labels,
/// and scan lines do not beat with a stride.
/// @param most   >= 1
/// @throws       Error(Fault::kInput) when x, y or z is missing
/// Two passes over the coordinates, which are not copied; memory 8 bytes a chosen point. The same
/// choice on every machine and for any thread count.
[[nodiscard]] Selection select_points(const PointCloud& cloud, std::size_t most);

/// Returns a cloud's corner of least coordinates, rounded down to whole units: what is taken away
/// before coordinates of a national grid are rounded to float32.
/// @param positions  finite
[[nodiscard]] Position local_origin(std::span<const Position> positions);

/// Returns positions - origin, rounded once.
[[nodiscard]] std::vector<std::array<float, 3>> local_points(std::span<const Position> positions,
                                                             const Position& origin);

}  // namespace ptattn::view
