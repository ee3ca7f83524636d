#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// Returns farthest point sampling (Gonzalez 1985; Eldar et al. 1997), exact.
///
///   s_0 = start,  s_{i+1} = argmax_p min_{j <= i} |p - s_j|^2
///
/// Distances are float32, (dx dx + dy dy) + dz dz without fused operations; ties go to the lowest
/// index, so the sequence is the same on every CPU. Once every position is taken (duplicates), the
/// lowest index wins again and again.
/// @param points  [n, 3], finite
/// @param count   samples to draw, 1 <= count <= n
/// @param start   index of the first sample
/// @return        `count` indices in the order of their choice
/// @throws        Error(Fault::kUsage) when an argument is not as said
/// Whole buckets of points that a new sample cannot change are skipped (Han et al. 2023, QuickFPS),
/// with the same result: time O(n log n) plus about O(n / 64 + log n) a sample, at worst O(n).
/// Only the ordering of large clouds is parallel: callers run clouds side by side.
[[nodiscard]] std::vector<std::uint32_t> farthest_point_sample(MatrixView points, std::size_t count,
                                                               std::size_t start = 0);
/// Samples as many points as `out` holds; allocates nothing in the steady state.
void farthest_point_sample(MatrixView points, std::size_t start, std::span<std::uint32_t> out);

}  // namespace ptattn
