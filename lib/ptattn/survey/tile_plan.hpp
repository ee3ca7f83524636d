#pragma once

#include "ptattn/models/model_folder.hpp"
#include "ptattn/survey/patch_files.hpp"
#include "ptattn/survey/survey_plan.hpp"
#include "ptattn/tasks/segment/segment.hpp"

namespace ptattn {

/// Cuts the squares of a survey into tiles, each of which fits with the margin around it into half
/// of the memory allowed, or is a single square; the other half is the network's.
/// @param plan  gets its tiles and tile_bytes
void plan_tiles(const PointStore& store, const VoxelFile& voxels, const SegmenterModel& model,
                const SegmentOptions& options, SurveyPlan& plan);

}  // namespace ptattn
