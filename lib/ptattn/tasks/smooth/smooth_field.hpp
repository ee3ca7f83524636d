#pragma once

#include <span>

#include "ptattn/cloud/field.hpp"
#include "ptattn/cloud/normalize.hpp"
#include "ptattn/nn/pooling/bandwidth.hpp"
#include "ptattn/tasks/progress.hpp"
#include "ptattn/tasks/smooth/smooth_surface.hpp"

namespace ptattn {

/// Replaces the values of a field by their kernel regression over the points around:
///
///   y_i <- sum_j K(|p_i - p_j| / h) y_j / sum_j K(|p_i - p_j| / h)    j in the neighbourhood of
///   p_i
///
/// (see nn/kernel_regression.hpp). The learnt h minimises the mean squared leave-one-out error over
/// at most 4096 evenly spread points. Every value of a field of several is smoothed, with one h.
/// Integers are rounded to the nearest, halves to even. A value that is NaN or infinite stays and
/// takes no part.
/// @param points     rows of the cloud that take part, those with finite coordinates
/// @param positions  of these, [points]
/// @return           the bandwidth, the loss at it and that of plain averaging over the windows,
///                   in squared units of the field; bandwidth 0: no two finite values
/// @throws           Error(Fault::kUsage) as smooth_surface
/// Averages are float32 relative to the mean of the values: a field keeps about seven digits of its
/// deviations from it. Time O(n log n + n k) an iteration; memory 30 bytes a point. The same bits
/// for any thread count.
BandwidthFit smooth_field(Field& field, std::span<const std::size_t> points,
                          std::span<const Position> positions, const SmoothOptions& options,
                          const ProgressCallback& progress = {});

}  // namespace ptattn
