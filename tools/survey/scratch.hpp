#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../jobs.hpp"
#include "../progress.hpp"
#include "ptattn/cloud/provenance.hpp"
#include "ptattn/survey/sort_points.hpp"
#include "ptattn/tasks/progress.hpp"

namespace ptattn::tools {

/// The work on one cloud that is larger than memory, as its scratch folder knows it.
struct ScratchWork {
  std::string path;     ///< of the cloud
  std::string made_by;  ///< what the folder must have been made for to be used again
  SurveyFolder folder;
  Progress& progress;

  /// Shows what is being done to the cloud.
  [[nodiscard]] SurveyProgress show() const;
};

/// Returns the work on a job by a run.
/// @param scratch  where scratch folders are made; empty: beside the output
[[nodiscard]] ScratchWork scratch_work(const Job& job, const std::string& scratch,
                                       const Provenance& run, Progress& progress);

/// Returns whether an earlier run planned the same work.
[[nodiscard]] bool is_planned(const ScratchWork& work);

/// Describes what else a plan was made for, as in "was made with votes=2, now no options".
/// @param planned  made_by of that plan
[[nodiscard]] std::string planned_difference(const std::string& planned, const ScratchWork& work);

/// Makes the scratch folder anew and plans the work in it; leaves none when that fails.
/// @param make  makes the plan, of this key
[[nodiscard]] SurveyPlan plan_in(const ScratchWork& work,
                                 const std::function<SurveyPlan(const std::string& key)>& make);

/// Returns the points of the sample of a look that are not stray.
[[nodiscard]] PointCloud usual_points(const SurveyLook& look, const SurveyPlan& plan);

/// Notes how many tiles there are, what the scratch folder takes, and when a tile is more than was
/// allowed.
/// @param done    to the points, as in "labelled"
/// @param disk    bytes of the folder
/// @param needed  bytes of memory for the largest tile
void note_needs(const ScratchWork& work, const SurveyPlan& plan, std::string_view done,
                std::uint64_t disk, std::uint64_t needed);

/// Works on those of `wanted` tiles that are not done yet.
/// @param work_on  one tile; calls its second argument with the share that is done
/// @param expect   is called with the next tile, whose points may be read ahead, before each
void work_on_tiles(
    const ScratchWork& work, std::span<const std::size_t> wanted,
    const std::function<void(std::size_t tile, const ProgressCallback& progress)>& work_on,
    const std::function<void(std::size_t next)>& expect);

/// Returns all tiles of a plan.
[[nodiscard]] std::vector<std::size_t> all_tiles(const SurveyPlan& plan);

}  // namespace ptattn::tools
