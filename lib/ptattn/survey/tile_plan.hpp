#pragma once

#include <cstdint>
#include <functional>

#include "ptattn/models/model_folder.hpp"
#include "ptattn/survey/patch_files.hpp"
#include "ptattn/survey/survey_plan.hpp"
#include "ptattn/tasks/segment/segment.hpp"

namespace ptattn {

/// Says what squares take in memory, in bytes.
struct SquareBytes {
  /// All points of a square.
  std::function<std::uint64_t(std::uint32_t square)> of_points;
  /// What is seen of a square from beyond the margin.
  std::function<std::uint64_t(std::uint32_t square)> of_columns;
};

/// Cuts the squares of a survey into tiles, each of which takes with the margins around it no more
/// than a number of bytes, or is a single square.
/// @param most  bytes; 0: any number
/// @param plan  has its margins; gets its tiles and tile_bytes
void cut_into_tiles(const PointStore& store, std::uint64_t most, const SquareBytes& bytes,
                    SurveyPlan& plan);

/// Cuts the squares of a survey into tiles, each of which fits with the margins around it into four
/// fifths of the memory allowed, or is a single square. The network gets half of all, when the
/// margins that channels alone look at are gone.
/// @param plan  has its margins and the lowest points; gets its tiles and tile_bytes
void plan_tiles(const PointStore& store, const VoxelFile& voxels, const SegmenterModel& model,
                const SegmentOptions& options, SurveyPlan& plan);

}  // namespace ptattn
