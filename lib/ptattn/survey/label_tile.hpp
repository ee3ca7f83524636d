#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "ptattn/models/model_folder.hpp"
#include "ptattn/models/patch_cuts.hpp"
#include "ptattn/survey/survey_plan.hpp"
#include "ptattn/tasks/segment/segment.hpp"

namespace ptattn {

/// Labels the tiles of a survey. Refers to its arguments.
class TileLabeler {
 public:
  /// Opens the points and the patches in the folder of the plan.
  /// @param options  of the plan; the memory is that which the plan was made for
  /// @throws Error(Fault::kInput) when they cannot be read
  TileLabeler(const SurveyPlan& plan, const SurveyFolder& folder, const SegmenterModel& model,
              const SegmentOptions& options);

  /// Labels one tile and writes what is said about its points into the folder, all at once.
  /// @param tile  below plan.tiles.size()
  /// @return      what the cloud lacks and what stood in for it, a line each
  /// @throws Error(Fault::kInput) when it cannot be written; and as segment_part
  std::vector<std::string> label(std::size_t tile, const ProgressCallback& progress = {}) const;
  /// Lets the system read the points of a tile ahead, while another one is labelled.
  void expect(std::size_t tile) const;

 private:
  /// The lowest point of each column, or where these are not kept apart all points.
  [[nodiscard]] const PointStore& lowest() const { return lowest_ ? *lowest_ : store_; }
  [[nodiscard]] std::array<PointRegion, 3> regions_of(std::size_t tile) const;

  const SurveyPlan& plan_;
  const SurveyFolder& folder_;
  const SegmenterModel& model_;
  SegmentOptions options_;
  PointStore store_;
  std::optional<PointStore> lowest_;
  std::vector<PatchCuts> cuts_;
  WholeScene whole_;
};

}  // namespace ptattn
