#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/models/point_network.hpp"

namespace ptattn {

/// Holds rows of one cloud of a batch.
struct CloudRows {
  std::size_t begin = 0;
  std::size_t count = 0;

  [[nodiscard]] MatrixView of(MatrixView x) const { return x.rows_range(begin, count); }
};

/// Returns the clouds of a batch, in order, in memory of `scratch`; without `ends` there is one.
[[nodiscard]] std::span<const CloudRows> cloud_rows(const PointInput& input,
                                                    ScratchMemory& scratch);

/// Checks what every network over points without voxels asks of its input.
/// @param subject  what error messages call the network
/// @throws Error(Fault::kUsage) unless there are positions [n, 3], features [n, in_channels] and
///         ends that ascend to n
void check_point_input(const PointInput& input, std::size_t in_channels, std::string_view subject);

}  // namespace ptattn
