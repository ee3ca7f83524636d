// Names what point clouds are, with a pretrained Transformer. See `ptattn-classify --help`.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "classify/record.hpp"
#include "classify/resume.hpp"
#include "classify/run.hpp"
#include "file_set.hpp"
#include "inputs.hpp"
#include "interrupt.hpp"
#include "model_list.hpp"
#include "options.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/models/model_search.hpp"
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
        "Names what point clouds are (chair, lamp, ...), one object a cloud, with a\n"
        "pretrained Transformer. Any unit, offset and number of points from 128 up.\n",
    .examples =
        "  ptattn-classify chair.ply\n"
        "  ptattn-classify scans/ --format csv --output scans.csv\n"
        "  find scans -name '*.pcd' | ptattn-classify - --votes 10 --up auto\n"
        "  ptattn-classify scans/ --format jsonl --output scans.jsonl --resume\n"
        "  ptattn-classify scans/ --format jsonl | jq -r 'select(.confidence < 0.5).path'\n"};

enum class Format { kTable, kJsonl, kCsv };

struct Settings {
  std::vector<std::string> inputs;
  std::string model = "pct-modelnet40";
  Precision precision = Precision::kFloat32;
  bool list_models = false;
  std::optional<std::size_t> top_k;
  Format format = Format::kTable;
  std::size_t votes = 1;
  std::optional<Axis> up = Axis::kZ;
  std::size_t batch = 0;
  std::string output;
  bool keep_going = false;
  bool fail_fast = false;
  bool resume = false;
  bool no_timing = false;
};

CLI::Validator range(std::size_t low, std::size_t high) {
  return CLI::Range(low, high).description("");
}

void declare_results(CLI::App& app, Settings& s) {
  app.add_option_function<std::string>(
         "--format",
         [&s](const std::string& name) {
           s.format = name == "table" ? Format::kTable
                      : name == "csv" ? Format::kCsv
                                      : Format::kJsonl;
         },
         "table, jsonl (one JSON object a line) or csv [table]")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"table", "jsonl", "csv"}));
  app.add_option("--top-k", s.top_k, "Classes to list for each cloud, best first [table 2, else 5]")
      ->type_name("K")
      ->check(range(1, kMaxTopK));
  app.add_option("--output", s.output,
                 "Write to FILE instead of standard output. table and csv: FILE appears when the "
                 "run is complete; jsonl: FILE is overwritten at the start and grows line by line")
      ->type_name("FILE")
      ->check([](const std::string& name) { return name.empty() ? "the name is empty" : ""; });
  app.add_flag("--resume", s.resume,
               "Go on with a jsonl --output: inputs that have a record there, even a failed one, "
               "are skipped; safe after any kind of kill");
  app.add_flag("--no-timing", s.no_timing,
               "Leave out `seconds`, so that equal runs write equal bytes");
}

void declare(CLI::App& app, Settings& s) {
  app.add_option("INPUT", s.inputs,
                 "PLY, PCD, LAS and LAZ files; folders, searched with all below for them; - for a "
                 "list on standard input, a path a line")
      ->type_name("");
  app.add_option("--model", s.model, "Name or folder of the model [pct-modelnet40]")
      ->type_name("MODEL");
  app.add_option_function<std::string>(
         "--precision", [&s](const std::string& name) { s.precision = *precision_named(name); },
         "float32, or int8: nearly twice as fast, names another class for some 2 of 1000 clouds "
         "[float32]")
      ->type_name("TYPE")
      ->check(CLI::IsMember({"float32", "int8"}).description(""));
  app.add_flag("--list-models", s.list_models,
               "Print name, architecture and classes of the models found and exit");
  app.add_option("--votes", s.votes,
                 "Average over N resamplings of each cloud, turned about the "
                 "vertical by angles within the model's range [1]")
      ->type_name("N")
      ->check(range(1, kMaxVotes));
  add_up_option(app, s.up);
  declare_results(app, s);
  app.add_flag("--keep-going", s.keep_going,
               "Report a bad input and go on with the rest; exit code 3 at the end [default]");
  app.add_flag("--fail-fast", s.fail_fast,
               "End at the first bad input, with its exit code, instead of --keep-going")
      ->excludes("--keep-going");
  app.add_option("--batch", s.batch, "Clouds in flight at a time [2 for each thread]")
      ->type_name("N")
      ->check(range(1, kMaxBatch));
}

void check(const Settings& s) {
  if (s.inputs.empty()) {
    throw Error(Fault::kUsage, "INPUT", "missing, name files, folders or -, see --help");
  }
  if (s.resume && (s.output.empty() || s.format != Format::kJsonl)) {
    throw Error(Fault::kUsage, "--resume", "needs --format jsonl and --output FILE");
  }
}

Output open_output(const Settings& s) {
  if (s.output.empty()) return Output::to_stdout();
  if (s.format == Format::kJsonl) return Output::appending(s.output);
  return Output::replacing(s.output);
}

std::unique_ptr<RecordFormat> make_format(const Settings& s, std::size_t top_k,
                                          const std::vector<Input>& inputs,
                                          const ModelDescription& model) {
  const MadeBy made_by{model.name, s.precision};
  if (s.format == Format::kJsonl) return make_jsonl_format(made_by);
  if (s.format == Format::kCsv) return make_csv_format(made_by, top_k, !s.no_timing);
  std::vector<std::string> paths;
  for (const Input& input : inputs) paths.push_back(input.path.string());
  return make_table_format(paths, model.classes, top_k);
}

/// Says how a run that was not complete ended; the exit code of any run.
int conclude(const RunResult& result, std::size_t total, const Settings& s, Output& output,
             const EarlierRun& earlier, Progress& progress) {
  if (result.interrupted) {
    std::string text =
        "interrupted, " + std::to_string(result.done) + " of " + std::to_string(total) + " done";
    if (!s.output.empty()) {
      text +=
          s.format == Format::kJsonl ? ", go on with --resume" : ", " + s.output + " not written";
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
    progress.message(s.output + ": " + std::to_string(earlier.failures) +
                     " inputs failed in an earlier run");
  }
  return result.failed + earlier.failures > 0 ? static_cast<int>(Fault::kInput) : 0;
}

/// Whatever this run reads: the clouds, a list on standard input, the model.
FileSet files_read(const Settings& s, const std::vector<Input>& inputs,
                   const std::filesystem::path& model_folder) {
  FileSet files = files_of(inputs);
  if (std::ranges::find(s.inputs, "-") != s.inputs.end()) files.insert("-");
  files.insert_folder(model_folder);
  return files;
}

int run(const Settings& s) {
  if (s.list_models) return print_models(ModelTask::kClassification);
  check(s);
  const std::filesystem::path model_folder = find_model(s.model);
  const ClassifierModel model = load_classifier(model_folder, s.precision);
  std::vector<Input> inputs = expand_inputs(s.inputs, std::cin);
  refuse_overwriting(s.output, files_read(s, inputs, model_folder));
  Output output = open_output(s);  // locked before an earlier run's records are read
  EarlierRun earlier;
  if (s.resume) {
    earlier = read_earlier_run(s.output, {model.description.name, model.precision});
    std::erase_if(inputs, [&](const Input& input) {
      return earlier.take(as_json_text(input.path.string()));
    });
  }
  const RunOptions options{
      .classify = {.votes = s.votes, .up = s.up},
      .top_k = std::min(s.top_k.value_or(s.format == Format::kTable ? kTableTopK : kRecordTopK),
                        model.description.classes.size()),
      .batch = s.batch > 0 ? s.batch : 2 * static_cast<std::size_t>(thread_count()),
      .fail_fast = s.fail_fast,
      .timing = !s.no_timing};
  const auto format = make_format(s, options.top_k, inputs, model.description);
  if (!s.output.empty()) output.keep(earlier.keep_bytes);
  Progress progress(kAbout.name, inputs.size());
  if (inputs.empty() && earlier.keep_bytes == 0) progress.message("the list of inputs is empty");
  output.write(format->header());
  const RunResult result = run_classify(inputs, model, options, *format, output, progress);
  return conclude(result, inputs.size(), s, output, earlier, progress);
}

}  // namespace
}  // namespace ptattn::tools

int main(int argc, char** argv) {
  using namespace ptattn::tools;
  return run_tool(kAbout, argc, argv, declare, run);
}
