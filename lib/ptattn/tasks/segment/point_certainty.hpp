#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ptattn/models/model_folder.hpp"
#include "ptattn/tasks/segment/point_probabilities.hpp"
#include "ptattn/tasks/segment/segment.hpp"

namespace ptattn {

/// Checks what a model and a call of `segment` must agree on.
/// @throws Error(Fault::kModel) for an encoder; Error(Fault::kUsage) for votes out of range, and as
///         check_category
void check_segment_options(const SegmenterModel& model, const SegmentOptions& options);

/// Makes room for the labels of all points of a cloud, zeros.
/// @param classes  whose probabilities are kept; 0: none
void allocate_results(std::size_t points, std::size_t classes, Segmentation& result);

/// Writes label and certainty of points: the mean of all views.
/// @param views  of one cloud, at least one
/// @param rows   of the first view's positions; voxel by voxel, what is near in space is near in the
///               caches
void write_points(std::span<const ScoredVoxels> views, std::span<const std::uint32_t> rows,
                  const SegmentOptions& options, const Temperature& temperature,
                  Segmentation& result);

/// Sums the confidences of the valid points up, and finds the distance of the voxels sampled.
void measure_certainty(const SegmenterModel& model, Segmentation& result);

}  // namespace ptattn
