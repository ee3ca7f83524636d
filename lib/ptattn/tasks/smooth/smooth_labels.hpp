#pragma once

#include <cstddef>
#include <span>

#include "ptattn/cloud/field.hpp"
#include "ptattn/cloud/normalize.hpp"
#include "ptattn/nn/pooling/bandwidth.hpp"
#include "ptattn/tasks/progress.hpp"
#include "ptattn/tasks/smooth/smooth_surface.hpp"

namespace ptattn {

/// Holds what a vote made of the labels of a field.
struct LabelSmoothing {
  BandwidthFit fit;         ///< bandwidth 0: no two points with a label
  std::size_t labels = 0;   ///< points that have one
  std::size_t changed = 0;  ///< of these, the ones that have another now
};

/// Replaces the labels of a field by a vote of the points around, each with its weight:
///
///   c_i <- argmax_c sum_j K(|p_i - p_j| / h) [c_j = c]      j in the neighbourhood of p_i
///
/// so that every value is one that was there before, whatever type it is stored as. Equal shares:
/// the label of the nearest point, which is the point itself, stays. The learnt h minimises the
/// mean squared error of the shares, by leave-one-out over at most 4096 evenly spread points;
/// labels beyond the eighth share columns there. NaN, and what is infinite, is no label: it stays
/// and has no vote.
/// @param field      of one value a point
/// @param points     rows of the cloud that take part, those with finite coordinates
/// @param positions  of these, [points]
/// @throws           Error(Fault::kUsage) as smooth_surface, and for a field of several values
/// Time O(n log n + n k) an iteration; memory 70 bytes a point. The same bits for any thread count.
LabelSmoothing smooth_labels(Field& field, std::span<const std::size_t> points,
                             std::span<const Position> positions, const SmoothOptions& options,
                             const ProgressCallback& progress = {});

}  // namespace ptattn
