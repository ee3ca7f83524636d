// Classifies objects given as point clouds, with a pretrained Transformer. See `ptattn-classify
// --help`.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "batch.hpp"
#include "checks.hpp"
#include "classify/record.hpp"
#include "classify/resume.hpp"
#include "classify/run.hpp"
#include "cloud_options.hpp"
#include "earlier_output.hpp"
#include "file_set.hpp"
#include "interrupt.hpp"
#include "made_by.hpp"
#include "models.hpp"
#include "options.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/models/model_folder.hpp"
#include "target.hpp"
#include "tool.hpp"

namespace ptattn::tools {
namespace {

constexpr std::size_t kMaxVotes = 1000;
constexpr std::size_t kMaxTopK = 10000;
constexpr std::size_t kMaxBatch = 4096;
constexpr std::size_t kTableTopK = 2;
constexpr std::size_t kRecordTopK = 5;

const About kAbout{
    .name = "ptattn-classify",
    .summary =
        "Classifies one object per file (chair, lamp, ...) with a pretrained Transformer.\n"
        "Accepts any unit, any offset and 128 points or more.\n",
    .examples =
        "  ptattn-classify chair.ply\n"
        "  ptattn-classify scans/ -o scans.csv\n"
        "  find scans -name '*.pcd' -print0 | ptattn-classify - -0 --votes 10 --up auto\n"
        "  ptattn-classify scans/ -o scans.jsonl --resume\n"
        "  ptattn-classify scans/ --format jsonl | jq -r 'select(.confidence < 0.5).path'\n",
    .task = ModelTask::kClassification};

struct Settings {
  FileOptions files;
  std::string model = "pct-modelnet40";
  Precision precision = Precision::kFloat32;
  bool list_models = false;
  std::optional<std::size_t> top_k;
  std::size_t votes = 1;
  std::optional<Axis> up = Axis::kZ;
  std::size_t batch = 0;
  ReadOptions read;
  double unsure_below = 0.0;
  Format format = Format::kTable;
};

void declare(CLI::App& app, Settings& s) {
  add_inputs(app, s.files);
  add_output(app, s.files.output,
             "Write results to FILE instead of standard output. FILE appears when the run is "
             "complete; with jsonl it is overwritten at the start and grows line by line");
  add_format(app, s.files.format,
             "Write results as table, json (one document), jsonl (one object per line) or csv [by "
             "the ending of --output, else table]");
  add_model(app, s.model, "pct-modelnet40");
  add_list_models(app, s.list_models);
  add_precision(
      app, s.precision, {Precision::kFloat32, Precision::kBf16, Precision::kInt8},
      "Compute in float32, in bf16 (faster on AMD CPUs with AVX512_BF16), or in int8: nearly "
      "twice as fast, with another class for about 2 of 1000 clouds");
  app.add_option("--votes", s.votes,
                 "Average over N resamplings of each cloud, rotated about the vertical by angles "
                 "within the model's range [1]")
      ->type_name("N")
      ->check(whole_number(1, kMaxVotes));
  add_up(app, s.up);
  add_unsure_below(app, s.unsure_below,
                   "Report clouds as unknown if their confidence is below P or if they are unlike "
                   "those that the model was validated on [0]");
  app.add_option("--top-k", s.top_k, "List K classes for each cloud, best first [table 2, else 5]")
      ->type_name("K")
      ->check(whole_number(1, kMaxTopK));
  app.add_option("--batch", s.batch, "Keep N clouds in flight [2 per thread]")
      ->type_name("N")
      ->check(whole_number(1, kMaxBatch));
  add_read_options(app, s.read);
  add_course(app, s.files,
             "Continue a jsonl --output: skip inputs that have a record there, even of a failure; "
             "safe however the last run ended");
}

void check_settings(Settings& s) {
  check_files(s.files, false);
  s.format = choose_format(s.files.format, s.files.output);
  if (s.files.resume && (s.files.output.empty() || s.format != Format::kJsonl)) {
    throw Error(Fault::kUsage, "--resume", "needs --format jsonl and --output FILE");
  }
}

Output open_output(const Settings& s) {
  if (s.files.output.empty()) return Output::to_stdout();
  if (s.format == Format::kJsonl) return Output::appending(s.files.output);
  return Output::replacing(s.files.output);
}

std::unique_ptr<RecordFormat> make_format(const Settings& s, std::size_t top_k,
                                          const std::vector<Input>& inputs,
                                          const ModelDescription& model, const MadeBy& made_by) {
  if (s.format == Format::kJson) return make_json_format(made_by);
  if (s.format == Format::kJsonl) return make_jsonl_format(made_by);
  if (s.format == Format::kCsv) return make_csv_format(made_by, top_k, s.files.timing);
  std::vector<std::string> paths;
  for (const Input& input : inputs) paths.push_back(input.path.string());
  return make_table_format(paths, model.classes, top_k);
}

/// Says how a run ended; its exit code.
int conclude(const RunResult& result, std::size_t total, const Settings& s, Output& output,
             const EarlierRun& earlier, Progress& progress) {
  if (result.interrupted) {
    std::string text =
        "interrupted, " + std::to_string(result.done) + " of " + std::to_string(total) + " done";
    if (!s.files.output.empty()) {
      text += s.format == Format::kJsonl ? ", continue with --resume"
                                         : ", " + s.files.output + " not written";
    }
    progress.message(text);
    return kInterrupted;
  }
  output.commit();
  if (result.failed > 0 && total > 1) {
    progress.message(std::to_string(result.failed) + " of " + std::to_string(total) +
                     " inputs failed");
  }
  if (earlier.failures > 0) {
    progress.message(s.files.output + ": " + std::to_string(earlier.failures) +
                     " inputs failed in an earlier run");
  }
  if (result.done > result.failed) {
    progress.summary(result.done - result.failed, result.points);
  }
  return result.failed + earlier.failures > 0 ? static_cast<int>(Fault::kInput) : 0;
}

/// Closes what the header of the format opened, however the run ends.
class Document {
 public:
  Document(const RecordFormat& format, Output& output) : format_(format), output_(output) {
    output_.write(format_.header());
  }
  /// @throws Error when the end cannot be written
  void end() {
    ended_ = true;
    output_.write(format_.footer());
  }
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;
  ~Document() {
    if (ended_) return;
    try {
      output_.write(format_.footer());
    } catch (...) {  // the run ended with an error of its own already
    }
  }

 private:
  const RecordFormat& format_;
  Output& output_;
  bool ended_ = false;
};

/// Whatever this run reads: the clouds, a list on standard input, the model.
FileSet files_read(const Settings& s, const std::vector<Input>& inputs,
                   const std::filesystem::path& model_folder) {
  FileSet files = files_of(inputs);
  if (std::ranges::find(s.files.inputs, "-") != s.files.inputs.end()) files.insert("-");
  files.insert_folder(model_folder);
  return files;
}

RunOptions run_options(const Settings& s, std::size_t classes) {
  const std::size_t usual_top = s.format == Format::kTable ? kTableTopK : kRecordTopK;
  return {.classify = {.votes = s.votes, .up = s.up},
          .top_k = std::min(s.top_k.value_or(usual_top), classes),
          .batch = s.batch > 0 ? s.batch : 2 * static_cast<std::size_t>(thread_count()),
          .fail_fast = s.files.fail_fast,
          .read = s.read,
          .timing = s.files.timing,
          .unsure_below = s.unsure_below};
}

/// Takes the inputs out that an earlier run has records of.
/// @return  those of them that are newer than these records
std::size_t take_earlier(EarlierRun& earlier, std::vector<Input>& inputs,
                         const std::string& output) {
  std::size_t newer = 0;
  std::erase_if(inputs, [&](const Input& input) {
    const bool taken = earlier.take(as_json_text(input.path.string()));
    newer += taken && is_newer(input.path, output) ? 1 : 0;
    return taken;
  });
  return newer;
}

int print_inputs(const std::vector<Input>& inputs, const FileOptions& files) {
  std::vector<Job> jobs;
  for (const Input& input : inputs) jobs.push_back({input});
  return print_plan(jobs, make_batch(kAbout.name, files));
}

int run(Settings& s) {
  if (s.list_models) return print_models(ModelTask::kClassification, s.files.format);
  check_settings(s);
  const std::filesystem::path model_folder = locate_model(s.model);
  std::vector<Input> inputs =
      expand_inputs(s.files.inputs, std::cin, s.files.null_list ? '\0' : '\n');
  refuse_overwriting(s.files.output, files_read(s, inputs, model_folder));
  require_result_name(s.files.output);
  if (s.files.dry_run) return print_inputs(inputs, s.files);
  const ClassifierModel model = load_classifier(model_folder, s.precision);
  if (!s.files.output.empty()) check_target(s.files.output, {});
  Output output = open_output(s);  // locked before an earlier run's records are read
  const MadeBy run_made_by{model.description.name, model.precision,
                           made_by(model.description.name, model_folder)};
  EarlierRun earlier;
  std::size_t changed = 0;  // inputs whose records are kept though they are newer
  if (s.files.resume) {
    earlier = read_earlier_run(s.files.output, run_made_by);
    changed = take_earlier(earlier, inputs, s.files.output);
  }
  const RunOptions options = run_options(s, model.description.classes.size());
  const auto format = make_format(s, options.top_k, inputs, model.description, run_made_by);
  if (!s.files.output.empty()) output.keep(earlier.keep_bytes);
  Progress progress(kAbout.name, inputs.size());
  tell_precision(s.precision, progress);
  if (changed > 0) {
    progress.note(s.files.output, std::to_string(changed) +
                                      " inputs have changed since; their records are kept, name "
                                      "another output to classify them again");
  }
  if (inputs.empty() && earlier.keep_bytes == 0) progress.note("", "the list of inputs is empty");
  Document document(*format, output);
  const RunResult result = run_classify(inputs, model, options, *format, output, progress);
  document.end();
  return conclude(result, inputs.size(), s, output, earlier, progress);
}

}  // namespace
}  // namespace ptattn::tools

int main(int argc, char** argv) {
  using namespace ptattn::tools;
  return run_tool(kAbout, argc, argv, declare, run);
}
