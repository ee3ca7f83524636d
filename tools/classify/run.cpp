#include "run.hpp"

#include <chrono>
#include <iterator>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../batch.hpp"
#include "../cloud_options.hpp"
#include "../last_line.hpp"
#include "ptattn/cloud/orientation.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/pipeline.hpp"
#include "ptattn/core/stop.hpp"
#include "ptattn/io/cloud_io.hpp"

namespace ptattn::tools {
namespace {

/// The record of an input and, when it failed, the error that says so.
struct Outcome {
  Record record;
  std::optional<Error> error;
  std::vector<std::string> notes{};
};

void fill(Outcome& outcome, const Input& input, const ClassifierModel& model,
          const RunOptions& options) {
  Record& record = outcome.record;
  if (!input.problem.empty()) throw Error(Fault::kInput, record.path, input.problem);
  const PointCloud cloud = read_cloud(input.path, options.read);
  outcome.notes = cloud.metadata().notes;
  record.points = cloud.size();
  Classification result = classify(model, cloud, options.classify);
  record.up = name_of(result.up);
  outcome.notes.insert(outcome.notes.end(), std::make_move_iterator(result.notes.begin()),
                       std::make_move_iterator(result.notes.end()));
  for (const std::size_t c : top_classes(result.probabilities, options.top_k)) {
    record.top_k.emplace_back(model.description.classes[c], result.probabilities[c]);
  }
  record.warnings = std::move(result.warnings);
  const UsualLimits& usual = model.description.reliability.usual;
  if (usual.energy || usual.strangeness) record.unusual = result.unusual;
  record.strangeness = result.strangeness;
  if (result.unusual) {
    record.warnings.push_back(
        {"unlike", std::string("is unlike the clouds that the model was validated on: another kind "
                               "of object") +
                       (options.classify.up ? ", or z is not up (--up auto)" : "")});
  }
  record.unknown = options.unsure_below > 0.0 &&
                   (result.unusual || record.top_k.front().second < options.unsure_below);
}

/// Only what is wrong with the input itself stays with its record; anything else ends the run.
Outcome process(const Input& input, const ClassifierModel& model, const RunOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  Outcome outcome;
  Record& record = outcome.record;
  record.path = input.path.string();
  try {
    fill(outcome, input, model, options);
  } catch (const Error& error) {
    if (error.fault() != Fault::kInput) throw;
    outcome.error = error;
  } catch (const std::bad_alloc&) {
    outcome.error = Error(Fault::kInput, record.path, kNoMemory);
  }
  if (outcome.error) record.error = without_subject(outcome.error->what(), record.path);
  if (options.timing) {
    record.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  return outcome;
}

/// The last stage: writes records in order.
class Delivery {
 public:
  Delivery(const RunOptions& options, const RecordFormat& format, Output& output,
           Progress& progress)
      : fail_fast_(options.fail_fast), format_(format), output_(output), progress_(progress) {}

  void operator()(const Outcome& outcome) {
    if (outcome.error && fail_fast_) throw *outcome.error;
    if (outcome.error) {
      progress_.message(outcome.error->what());
      ++result.failed;
    }
    tell_notes(outcome.notes, outcome.record.path, progress_);
    tell({}, outcome.record.warnings, outcome.record.path, progress_);
    if (output_.is_terminal()) progress_.hide();
    const bool first = result.done == 0;
    output_.write((first ? "" : format_.between()) + format_.line(outcome.record));
    if (!outcome.error) result.points += outcome.record.points.value_or(0);
    ++result.done;
    progress_.advance();
  }

  RunResult result;

 private:
  bool fail_fast_;
  const RecordFormat& format_;
  Output& output_;
  Progress& progress_;
};

}  // namespace

RunResult run_classify(const std::vector<Input>& inputs, const ClassifierModel& model,
                       const RunOptions& options, const RecordFormat& format, Output& output,
                       Progress& progress) {
  Delivery deliver(options, format, output, progress);
  std::size_t next = 0;
  const auto take = [&]() -> std::optional<std::size_t> {
    if (next == inputs.size()) return std::nullopt;
    if (next + options.batch < inputs.size()) prefetch(inputs[next + options.batch].path);
    return next++;
  };
  const auto work = [&](std::size_t i) { return process(inputs[i], model, options); };
  try {
    ordered_pipeline(options.batch, take, work, [&](const Outcome& outcome) { deliver(outcome); });
  } catch (const Stopped&) {  // what was under way has no record, what was before it has
  }
  deliver.result.interrupted = deliver.result.done < inputs.size();
  return deliver.result;
}

}  // namespace ptattn::tools
