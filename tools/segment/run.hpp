#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "../cloud_options.hpp"
#include "../output.hpp"
#include "../progress.hpp"
#include "jobs.hpp"
#include "labels.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/tasks/segment/segment.hpp"

namespace ptattn::tools {

struct SegmentRun {
  SegmentOptions segment;
  LabelFields fields;
  CloudOptions clouds;
  bool json = false;
  bool fail_fast = false;  ///< end at the first input that fails
};

/// How far a run came.
struct SegmentRunResult {
  std::size_t done = 0;
  std::size_t failed = 0;
  bool interrupted = false;
};

/// Labels cloud after cloud: read, segment, write to the job's output, report on `output`.
///
/// An input that fails is reported, on stderr too, and the next one follows, or, with `fail_fast`,
/// its error ends the run. A stop request cuts the cloud in work short, without an output.
[[nodiscard]] SegmentRunResult run_segment(const std::vector<Job>& jobs, const PointModel& model,
                                           const SegmentRun& options, Output& output,
                                           Progress& progress);

}  // namespace ptattn::tools
