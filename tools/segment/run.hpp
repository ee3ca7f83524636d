#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "../output.hpp"
#include "../progress.hpp"
#include "jobs.hpp"
#include "ptattn/models/point_model.hpp"
#include "ptattn/tasks/segment.hpp"

namespace ptattn::tools {

/// What is written into the clouds.
struct LabelFields {
  std::string label = "label";  ///< uint32; uint8 for ASPRS codes
  std::string prefix;           ///< before the names of all new fields
  bool asprs_codes = false;     ///< ASPRS codes instead of the numbers of the model's classes
  bool probabilities = false;   ///< a field p_CLASS for each class
  bool colorize = false;        ///< red green blue from the model's palette
};

/// The names of the fields that `fields` adds, in their order.
[[nodiscard]] std::vector<std::string> new_fields(const LabelFields& fields,
                                                  const PointModelDescription& model);

/// Adds them to a cloud. Points without usable coordinates get zeros, and grey where colours are
/// wanted.
void add_labels(PointCloud& cloud, const Segmentation& result, const LabelFields& fields,
                const PointModelDescription& model, const std::filesystem::path& output);

struct SegmentRun {
  SegmentOptions segment;
  LabelFields fields;
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
/// its error ends the run. SIGINT and SIGTERM end it after the cloud in work.
[[nodiscard]] SegmentRunResult run_segment(const std::vector<Job>& jobs, const PointModel& model,
                                           const SegmentRun& options, Output& output,
                                           Progress& progress);

}  // namespace ptattn::tools
