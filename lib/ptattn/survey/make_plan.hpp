#pragma once

#include <cstdint>
#include <string>

#include "ptattn/models/model_folder.hpp"
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

/// Returns the bytes of the scratch folder that a survey needs, before anything is written.
/// @param points  of the cloud
[[nodiscard]] std::uint64_t scratch_bytes(const SegmenterModel& model, const PointLayout& layout,
                                          std::uint64_t points, const SegmentOptions& options);

/// Returns the memory that the work on the largest tile takes.
[[nodiscard]] std::uint64_t memory_needed(const SurveyPlan& plan);

/// Returns what is kept of the points of a cloud: the fields that the channels of the model look
/// at.
/// @param head  the cloud in its frame, with or without points
[[nodiscard]] PointLayout layout_for(const PointCloud& head, const SceneProfile& profile);

/// Reads a cloud twice more, writes its points by square into a folder, finds the patches of the
/// whole scene, and cuts it into tiles that fit into memory together with what they see around
/// them.
/// @param look  of the same stream
/// @throws Error(Fault::kInput) for a cloud that `voxelize` would refuse, and a disk with too little
///         room
/// Time O(n log n); the same plan for any thread count.
[[nodiscard]] SurveyPlan make_plan(CloudStream& stream, SurveyLook look,
                                   const SegmenterModel& model, const SurveyRequest& request,
                                   const SurveyFolder& folder, const SurveyProgress& progress = {});

}  // namespace ptattn
