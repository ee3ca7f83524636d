#pragma once

#include "../batch.hpp"
#include "../cloud_options.hpp"
#include "../frame_options.hpp"
#include "../survey/survey_options.hpp"
#include "labels.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/tasks/segment/segment.hpp"

namespace ptattn::tools {

struct SegmentRun {
  SegmentOptions segment;
  LabelFields fields;
  CloudOptions clouds;
  FrameOptions frame;
  SurveyOptions survey{};  ///< how clouds larger than memory are labelled
  Provenance made_by{};    ///< what the outputs say of this run
};

/// Labels one cloud: reads, segments, writes to the job's output, counts the classes.
/// @throws Error as the tool documents
[[nodiscard]] FileReport segment_file(const Job& job, const SegmenterModel& model,
                                      const SegmentRun& run, Progress& progress);

}  // namespace ptattn::tools
