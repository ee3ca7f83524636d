// Labels every point of point clouds, with a pretrained Transformer. See `ptattn-segment --help`.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "file_set.hpp"
#include "interrupt.hpp"
#include "model_list.hpp"
#include "options.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/models/model_search.hpp"
#include "ptattn/tasks/segment/grid_turn.hpp"
#include "segment/jobs.hpp"
#include "segment/run.hpp"
#include "target.hpp"
#include "tool.hpp"

namespace ptattn::tools {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxNeighbors = 64;

const About kAbout{
    .name = "ptattn-segment",
    .summary =
        "Labels every point of point clouds (ground, building, ...) with a pretrained\n"
        "Transformer. Clouds of any size; all fields of the input are kept.\n",
    .examples =
        "  ptattn-segment tile.laz -o labelled.laz\n"
        "  ptattn-segment tile.ply -o labelled.ply\n"
        "  ptattn-segment tile.ply -o colours.ply --colorize --probabilities\n"
        "  ptattn-segment survey/ -o labelled/ --label-field classification --replace\n"
        "  ptattn-segment big.ply -o big_labelled.ply --memory 2G\n"
        "  ptattn-segment tile.ply -o labelled.ply --votes 4\n"
        "  find survey -name '*.pcd' | ptattn-segment - -o labelled --format json\n"
        "\n"
        "New fields: label (the number of the class, see --list-models), confidence (its\n"
        "probability), entropy (of all probabilities, in nats) and margin (to the second\n"
        "class). Points with a coordinate that is NaN or infinite get zeros.\n"
        "Labels of LAS and LAZ files are ASPRS codes in classification.\n"};

struct Settings {
  std::vector<std::string> inputs;
  std::string output;
  std::string model = "aerial";
  bool list_models = false;
  std::string codes;
  std::string memory;
  std::string category;
  bool resume = false;
  SegmentRun run;
};

/// "2G", "500M", "1.5GB", "2gib": bytes; nullopt for anything else.
std::optional<std::size_t> parse_bytes(std::string_view text) {
  double number = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || !(number > 0.0)) return std::nullopt;
  std::string unit(text.substr(static_cast<std::size_t>(end - text.data())));
  std::ranges::transform(unit, unit.begin(), [](unsigned char c) { return std::toupper(c); });
  if (unit.ends_with("IB")) unit.erase(unit.size() - 2);
  if (unit.ends_with("B")) unit.pop_back();
  const double factor = unit == "G" ? 0x1p30 : unit == "M" ? 0x1p20 : unit == "K" ? 0x1p10 : 0.0;
  const double bytes = number * factor;
  if (bytes < 1.0 || bytes > 0x1p60) return std::nullopt;
  return static_cast<std::size_t>(bytes);
}

void declare_fields(CLI::App& app, Settings& s) {
  app.add_option_function<std::string>(
         "--label-field",
         [&s](const std::string& name) {
           s.run.fields.label = name;
           s.run.fields.label_by_format = false;
         },
         "Name of the field for the labels [classification of LAS and LAZ files, in place of the "
         "old "
         "one; else label]")
      ->type_name("NAME")
      ->check(refuse_blanks);
  app.add_option("--codes", s.codes,
                 "What the labels are: class (numbers of the model's classes) or asprs (codes of "
                 "LAS files) [asprs for classification, else class]")
      ->type_name("CODES")
      ->check(CLI::IsMember({"class", "asprs"}));
  app.add_option("--prefix", s.run.fields.prefix, "Put before the names of all new fields")
      ->type_name("TEXT")
      ->check(refuse_blanks);
  app.add_flag("--replace", s.run.fields.replace,
               "Let new fields take the place of fields that have their names already, such as an "
               "old classification; that of the labels keeps its type if they fit. Old colours are "
               "dropped [such clouds are refused, old colours kept]");
  app.add_flag("--probabilities", s.run.fields.probabilities,
               "Add a field p_CLASS with the probability of each class");
  app.add_flag("--colorize", s.run.fields.colorize,
               "Colour the points by class; colours of the input are kept as original_red, ...");
}

void declare(CLI::App& app, Settings& s) {
  app.add_option("INPUT", s.inputs,
                 "PLY, PCD, LAS and LAZ files; folders, searched with all below for them; - for a "
                 "list on standard input, a path a line")
      ->type_name("");
  app.add_option("-o,--output", s.output,
                 "File to write for a single input; else a folder, in which inputs from a folder "
                 "keep their paths; if it lies inside that folder, what it holds is no input")
      ->type_name("PATH")
      ->check([](const std::string& name) { return name.empty() ? "the name is empty" : ""; });
  app.add_option("--model", s.model, "Name or folder of the model [aerial]")->type_name("MODEL");
  app.add_flag("--list-models", s.list_models,
               "Print name, architecture and classes of the models found and exit");
  declare_fields(app, s);
  app.add_option("--category", s.category,
                 "What the object is, for models that label the parts of objects [the likeliest]")
      ->type_name("NAME");
  app.add_option("--votes", s.run.segment.votes,
                 "Average over N headings, 1 to 4: scenes turned about the vertical by quarter "
                 "turns, objects by up to 10 degrees. Better labels for N times the network's time "
                 "[1]")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{1}, kMaxVotes).description(""));
  app.add_option("--neighbors", s.run.segment.neighbors,
                 "Voxels whose probabilities a point is given, weighted by distance [8]")
      ->type_name("K")
      ->check(CLI::Range(std::size_t{1}, kMaxNeighbors).description(""));
  app.add_option(
         "--memory", s.memory,
         "Memory for the network, such as 500M or 2G. Clouds of more voxels than it can hold "
         "at a time, or of more than 2^20 (1048576), are labelled in overlapping tiles [half "
         "of the machine's]")
      ->type_name("SIZE")
      ->check([](const std::string& text) {
        return parse_bytes(text) ? "" : text + " is no size, expected a number with K, M or G";
      });
  app.add_option_function<std::string>(
         "--format", [&s](const std::string& name) { s.run.json = name == "json"; },
         "What standard output gets: table or json (one object a line) [table]")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"table", "json"}));
  add_cloud_options(app, s.run.clouds);
  app.add_flag("--resume", s.resume, "Skip inputs whose output is there already");
  app.add_flag("--fail-fast", s.run.fail_fast,
               "End at the first bad input instead of going on with the rest (exit code 3 at the "
               "end)");
}

/// What can be said before anything is read.
void check(const Settings& s) {
  if (s.inputs.empty()) {
    throw Error(Fault::kUsage, "INPUT", "missing, name files, folders or -, see --help");
  }
  if (s.output.empty()) {
    throw Error(Fault::kUsage, "--output", "missing, name a file or a folder");
  }
}

/// The settings that follow from others and from the model.
void fit_to_model(Settings& s, const SegmenterDescription& model) {
  s.run.segment.probabilities = s.run.fields.probabilities;
  if (!s.memory.empty()) s.run.segment.tiling.memory = *parse_bytes(s.memory);
  const bool classification = s.run.fields.label == "classification";
  s.run.fields.asprs_codes =
      s.codes.empty() ? classification && !model.asprs_codes.empty() : s.codes == "asprs";
  if (s.run.fields.asprs_codes && model.asprs_codes.empty()) {
    throw Error(Fault::kUsage, "--codes", model.name + " has no ASPRS codes");
  }
  if (!s.codes.empty()) s.run.fields.label_by_format = false;
  (void)new_fields(s.run.fields, model);  // names that clash are refused before the work begins
  if (s.category.empty()) return;
  s.run.segment.category = find_category(s.category, model.categories, model.name);
}

/// Outputs may be links into the model's folder.
void refuse_overwriting_model(const std::vector<Job>& jobs, const fs::path& model_folder) {
  FileSet files;
  files.insert_folder(model_folder);
  for (const Job& job : jobs) refuse_overwriting(job.output.string(), files);
}

/// Says how a run that was not complete ended; the exit code of any run.
int conclude(const SegmentRunResult& result, std::size_t total, Output& output,
             Progress& progress) {
  if (result.interrupted) {
    progress.message("interrupted, " + std::to_string(result.done) + " of " +
                     std::to_string(total) + " done, go on with --resume");
    return kInterrupted;
  }
  output.commit();
  if (result.failed > 0) {
    progress.message(std::to_string(result.failed) + " of " + std::to_string(total) +
                     " inputs failed");
  }
  return result.failed > 0 ? static_cast<int>(Fault::kInput) : 0;
}

int run(Settings& s) {
  if (s.list_models) return print_models(ModelTask::kPoints);
  check(s);
  std::vector<Job> jobs = plan_jobs(s.inputs, s.output, std::cin);
  const fs::path model_folder = find_model(s.model);
  refuse_overwriting_model(jobs, model_folder);
  const PointModel model = load_point_model(model_folder);
  fit_to_model(s, model.description);
  const std::size_t planned = jobs.size();
  if (s.resume) {
    // A path that cannot be looked at (too long, a loop of links) fails later, by itself.
    std::error_code ignored;
    std::erase_if(jobs, [&](const Job& job) { return fs::exists(job.output, ignored); });
  }
  Output output = Output::to_stdout();
  Progress progress(kAbout.name, jobs.size());
  if (planned == 0) progress.message("the list of inputs is empty");
  if (jobs.size() < planned) {
    progress.message(std::to_string(planned - jobs.size()) + " of " + std::to_string(planned) +
                     " outputs are there already");
  }
  const SegmentRunResult result = run_segment(jobs, model, s.run, output, progress);
  return conclude(result, jobs.size(), output, progress);
}

}  // namespace
}  // namespace ptattn::tools

int main(int argc, char** argv) {
  using namespace ptattn::tools;
  return run_tool(kAbout, argc, argv, declare, run);
}
