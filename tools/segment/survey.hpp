#pragma once

#include <memory>

#include "ptattn/io/cloud_stream.hpp"
#include "run.hpp"

namespace ptattn::tools {

/// Opens a cloud that is to be labelled piece by piece: because that was asked for, or because it
/// would take more memory than allowed. nullptr for others, and for those that cannot be labelled
/// so.
/// @throws Error(Fault::kUsage) when it was asked for and something else was that needs the whole;
///         Error(Fault::kInput) as open_cloud_stream
[[nodiscard]] std::unique_ptr<CloudStream> open_survey(const Job& job, const SegmenterModel& model,
                                                       const SegmentRun& run, Progress& progress);

/// Returns whether as many clouds like that of a job as there are threads may be labelled as a
/// whole at the same time within the memory allowed.
[[nodiscard]] bool goes_beside_others(const Job& job, const SegmenterModel& model,
                                      const SegmentRun& run);

/// Labels such a cloud. What is done stays in the scratch folder until the output stands, so that a
/// run with --resume goes on from there.
/// @throws Error as the tool documents
[[nodiscard]] FileReport segment_survey(const Job& job, CloudStream& stream,
                                        const SegmenterModel& model, const SegmentRun& run,
                                        Progress& progress);

}  // namespace ptattn::tools
