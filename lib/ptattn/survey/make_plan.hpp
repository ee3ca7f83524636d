#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "ptattn/models/model_folder.hpp"
#include "ptattn/survey/point_spool.hpp"
#include "ptattn/survey/sort_points.hpp"
#include "ptattn/tasks/segment/segment.hpp"

namespace ptattn {

/// Says how a survey is to be planned.
struct SurveyRequest {
  std::string key{};
  std::string made_by{};
  CloudFrame frame{};
  SegmentOptions segment{};  ///< its tiling.memory is what all of the work may take
};

/// Returns the bytes that the scratch folder of a survey needs at most, before anything is written.
/// What is written is packed and takes about two thirds.
/// @param head    of the cloud, as its file has it
/// @param points  of the cloud
[[nodiscard]] std::uint64_t scratch_bytes(const SegmenterModel& model, const PointCloud& head,
                                          std::uint64_t points, const SegmentOptions& options);

/// Returns the memory that the work on the largest tile takes.
[[nodiscard]] std::uint64_t memory_needed(const SurveyPlan& plan);

/// Returns what is kept of the points of a cloud: the fields that the channels of the model look
/// at.
/// @param head  the cloud in its frame, with or without points
[[nodiscard]] PointLayout layout_for(const PointCloud& head, const SceneProfile& profile);

/// Holds what a plan is made of: a first look at a cloud, and what has to be seen again of it.
struct SurveyInput {
  SurveyLook look;
  std::unique_ptr<PointSpool> spool;
};

/// Reads a cloud once, and keeps what a plan has to see again of it in the folder.
/// @param folder  stays where it is as long as the result lives
/// @throws Error(Fault::kInput) as the stream, without coordinates, and for a disk with too little
///         room for all of the survey
[[nodiscard]] SurveyInput take_in(CloudStream& stream, const SegmenterModel& model,
                                  const SegmentOptions& options, const SurveyFolder& folder,
                                  const SurveyProgress& progress = {});

/// Writes the points of a cloud by square into a folder, finds the patches of the whole scene, and
/// cuts it into tiles that fit into memory together with what they see around them.
/// @throws Error(Fault::kInput) for a cloud that `voxelize` would refuse
/// Time O(n log n); the same plan for any thread count.
[[nodiscard]] SurveyPlan make_plan(SurveyInput input, const SegmenterModel& model,
                                   const SurveyRequest& request, const SurveyFolder& folder,
                                   const SurveyProgress& progress = {});

}  // namespace ptattn
