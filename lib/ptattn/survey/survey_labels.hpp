#pragma once

#include <cstddef>

#include "ptattn/survey/survey_records.hpp"
#include "ptattn/tasks/segment/segment.hpp"

namespace ptattn {

/// Brings the labels of all tiles of a survey back into the order of its cloud. Refers to its
/// arguments.
class SurveyLabels {
 public:
  /// @param memory  that labels at hand may take
  /// @throws Error(Fault::kInput) when labels of a tile are missing, or not of this plan
  SurveyLabels(const SurveyPlan& plan, const SurveyFolder& folder, std::size_t memory);

  /// Returns what is said about the points of the next piece of the cloud; of the whole, only what
  /// belongs to single points.
  /// @param piece  the pieces come in order; its coordinates are those of the file
  /// @throws Error(Fault::kInput) when the cloud is not the one that was planned
  [[nodiscard]] Segmentation next(PointCloud& piece);
  /// Returns the sums of all tiles.
  [[nodiscard]] const TileSummary& summary() const { return records_.summary(); }

 private:
  SurveyRecords records_;
};

}  // namespace ptattn
