#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ptattn/survey/survey_plan.hpp"
#include "ptattn/survey/tile_labels.hpp"
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
  [[nodiscard]] const TileSummary& summary() const { return summary_; }

 private:
  /// Labels of one square, read little by little.
  struct Cursor {
    std::uint32_t tile = 0;
    std::uint64_t offset = 0;  ///< of the next record in the file
    std::uint64_t left = 0;    ///< records there
    std::vector<std::byte> at_hand{};
    std::size_t next = 0;  ///< byte of `at_hand`
  };

  [[nodiscard]] const std::byte* next_record(Cursor& cursor);
  [[noreturn]] void fail_other_cloud() const;

  const SurveyPlan& plan_;
  const SurveyFolder& folder_;
  TileSummary summary_;
  std::size_t stride_ = 0;
  std::size_t most_ = 1;         ///< records of a square at hand
  std::vector<Cursor> cursors_;  ///< by square
};

}  // namespace ptattn
