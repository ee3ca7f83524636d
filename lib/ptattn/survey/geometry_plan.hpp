#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "ptattn/survey/sort_points.hpp"
#include "ptattn/tasks/features/geometry_features.hpp"

namespace ptattn {

/// Says how a survey whose points are to be described is planned.
struct GeometryRequest {
  std::string key{};
  std::string made_by{};
  std::size_t memory = 0;  ///< that all of the work may take; 0: any
  GeometryOptions options{};
};

/// Returns the bytes of the scratch folder that it needs at most.
/// @param points  of the cloud
[[nodiscard]] std::uint64_t geometry_scratch_bytes(std::uint64_t points,
                                                   const GeometryOptions& options);

/// Reads a cloud twice more, writes its points by square into a folder, and cuts it into tiles that
/// fit into memory together with the neighbours that most of their points have.
/// @param look  of the same stream
/// @throws Error(Fault::kInput) for a cloud without finite points, and a disk with too little room
/// Time O(n); the same plan for any thread count.
[[nodiscard]] SurveyPlan make_geometry_plan(CloudStream& stream, SurveyLook look,
                                            const GeometryRequest& request,
                                            const SurveyFolder& folder,
                                            const SurveyProgress& progress = {});

}  // namespace ptattn
