#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ptattn/models/point_network.hpp"
#include "ptattn/models/ptv3/level.hpp"

namespace ptattn {

/// Represents the finest level of Point Transformer V3, and where its rows come from, a view.
struct Ptv3Input {
  Ptv3Level level;                      ///< not serialised yet
  std::span<const std::uint32_t> rows;  ///< [n] input row of each row
};

/// Checks the input and sorts it along the Z curve, cloud by cloud, in memory of `scratch`.
/// @throws Error(Fault::kUsage) when shapes do not fit, a cell is negative or beyond the grid, or
///         `ends` do not ascend to n
[[nodiscard]] Ptv3Input read_ptv3_input(const PointInput& input, std::size_t in_channels,
                                        ScratchMemory& scratch);

}  // namespace ptattn
