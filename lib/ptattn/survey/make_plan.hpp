#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "ptattn/io/cloud_stream.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/survey/survey_plan.hpp"
#include "ptattn/tasks/segment/segment.hpp"

namespace ptattn {

/// Hears what a survey is doing, and how much of it is done.
using SurveyProgress =
    std::function<void(std::string_view what, std::size_t done, std::size_t total)>;

/// Holds what a first look at a cloud finds.
struct SurveyLook {
  PointCloud sample;   ///< of the finite points, every s-th: their coordinates, and the metadata
  double share = 1.0;  ///< of the points that are in the sample
  StraySample strays{};
};

/// Reads a cloud once and takes a sample of it.
/// @throws Error(Fault::kInput) as the stream, and when x, y or z is missing
[[nodiscard]] SurveyLook look_at(CloudStream& stream, const SurveyProgress& progress = {});

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

/// Returns what is kept of the points of a cloud: the fields that the channels of the model look
/// at.
/// @param head  the cloud in its frame, with or without points
[[nodiscard]] PointLayout layout_for(const PointCloud& head, const SceneProfile& profile);

/// Reads a cloud twice more, writes its points by square into a folder, finds the patches of the
/// whole scene, and cuts it into tiles that fit into memory together with what they see around
/// them.
///
/// Both halves of the memory, one for points and one for the network, may be used at a time.
/// @param look  of the same stream
/// @throws Error(Fault::kInput) for a cloud that `voxelize` would refuse, and a disk with too little
///         room
/// Time O(n log n); the same plan for any thread count.
[[nodiscard]] SurveyPlan make_plan(CloudStream& stream, SurveyLook look,
                                   const SegmenterModel& model, const SurveyRequest& request,
                                   const SurveyFolder& folder, const SurveyProgress& progress = {});

}  // namespace ptattn
