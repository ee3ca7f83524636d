#pragma once

#include <array>
#include <cstdint>

namespace ptattn {

/// Names a cell of a grid: its index along x, y and z.
using Cell = std::array<std::uint32_t, 3>;

}  // namespace ptattn
