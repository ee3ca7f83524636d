#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ptattn/cloud/types.hpp"

namespace ptattn {

/// Finds points that seem scattered around an object: false echoes, remains of what stood near.
///
///   r_i  the distance of point i from its second nearest other one, m their median
///   where r_i > 3 m for 2 to 25 % of the points, those with r_i > 2 m are scattered
///
/// A filter of the kind of Rusu et al. (2008), with medians, which many scattered points do not
/// move. The sparse side of an unevenly scanned object looks the same: what is found is a guess
/// that the caller has to check. m and the share are those of every s-th point, s = ceil(n / 256).
/// Clouds of more than 32768 points are looked at in a part first: nothing is scattered where fewer
/// than 1 % of its points have r_i > 2.4 m.
/// @param positions  finite
/// @return           their rows, ascending
/// Time O(n), O(n log n) where there are such points; parallel, the same result
/// for any thread count.
[[nodiscard]] std::vector<std::uint32_t> scattered_points(std::span<const Position> positions);

}  // namespace ptattn
