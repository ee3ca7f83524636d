#pragma once

#include <cstddef>
#include <vector>

#include "../inputs.hpp"
#include "../output.hpp"
#include "../progress.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/tasks/classify/classify.hpp"
#include "record.hpp"

namespace ptattn::tools {

struct RunOptions {
  ClassifyOptions classify;
  std::size_t top_k = 1;
  std::size_t batch = 1;      ///< clouds in flight
  bool fail_fast = false;     ///< end at the first input that fails
  ReadOptions read{};         ///< of the clouds
  bool timing = true;         ///< measure the seconds of each input
  double unsure_below = 0.0;  ///< clouds of less confidence, or unusual ones, are unknown; 0: none
};

/// How far a run came.
struct RunResult {
  std::size_t done = 0;    ///< records written
  std::size_t failed = 0;  ///< those with an error
  std::size_t points = 0;  ///< of the clouds that were classified
  bool interrupted = false;
};

/// Reads and classifies `inputs` and writes their records in the order of the inputs.
///
///   next input (in order, prefetch) -> read, classify (parallel) -> format, write (in order)
///
/// An input that fails gets a record with its error and a message on stderr, or, with `fail_fast`,
/// ends the run with that error after the records of the inputs before it. A stop request cuts
/// the clouds in flight short; those before them have their records.
[[nodiscard]] RunResult run_classify(const std::vector<Input>& inputs, const ClassifierModel& model,
                                     const RunOptions& options, const RecordFormat& format,
                                     Output& output, Progress& progress);

}  // namespace ptattn::tools
