#pragma once

#include <cstdint>
#include <limits>

namespace ptattn {

/// Stands for no row where 32-bit indices are listed: a neighbour that is not there, a voxel that
/// is not occupied.
inline constexpr std::uint32_t kNoIndex = std::numeric_limits<std::uint32_t>::max();

}  // namespace ptattn
