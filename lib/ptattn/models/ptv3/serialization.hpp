#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ptattn/sampling/curve.hpp"

namespace ptattn {

/// The largest depth of a grid that Point Transformer V3 takes: cells below 2^16 - 1.
inline constexpr int kPtv3MaxDepth = 16;

/// Returns the bits of a coordinate as Point Transformer V3 counts them: those of (largest
/// coordinate + 1).
/// @param cells  of all clouds of the batch together; none: 1
[[nodiscard]] int serialization_depth(std::span<const Cell> cells);

/// Places of voxels along a curve, cloud after cloud: the index of the cloud above 3 depth bits of
/// curve_code (Wu et al. 2024, section 4.1).
/// @param ends   row behind the last of each cloud, ascending, the last of them cells.size()
/// @param depth  serialization_depth of the cells or more, below 21
/// @param codes  [n], written
/// Time O(n depth), in parallel; the same result for any thread count.
void serialized_codes(Curve curve, std::span<const Cell> cells, std::span<const std::size_t> ends,
                      int depth, std::span<std::uint64_t> codes);

}  // namespace ptattn
