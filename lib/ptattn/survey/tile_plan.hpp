#pragma once

#include <cstdint>
#include <functional>

#include "ptattn/models/model_folder.hpp"
#include "ptattn/survey/patch_files.hpp"
#include "ptattn/survey/survey_plan.hpp"
#include "ptattn/tasks/segment/segment.hpp"

namespace ptattn {

/// Cuts the squares of a survey into tiles, each of which takes with the margin around it no more
/// than a number of bytes, or is a single square.
/// @param most      bytes; 0: any number
/// @param bytes_of  what the points of a square take
/// @param plan      has its margin; gets its tiles and tile_bytes
void cut_into_tiles(const PointStore& store, std::uint64_t most,
                    const std::function<std::uint64_t(std::uint32_t square)>& bytes_of,
                    SurveyPlan& plan);

/// Cuts the squares of a survey into tiles, each of which fits with the margin around it into four
/// fifths of the memory allowed, or is a single square. The network gets half of all, when the
/// margin that channels alone look at is gone.
/// @param plan  gets its tiles and tile_bytes
void plan_tiles(const PointStore& store, const VoxelFile& voxels, const SegmenterModel& model,
                const SegmentOptions& options, SurveyPlan& plan);

}  // namespace ptattn
