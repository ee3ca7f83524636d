// Compares predicted labels with true ones. See `ptattn-eval --help`.

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "eval/classes.hpp"
#include "eval/cloud_labels.hpp"
#include "eval/report.hpp"
#include "eval/results.hpp"
#include "inputs.hpp"
#include "output.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/models/model_search.hpp"
#include "tool.hpp"

namespace ptattn::tools {
namespace {

const About kAbout{
    .name = "ptattn-eval",
    .summary =
        "Compares predicted labels with true ones: accuracy, IoU, precision, recall, F1,\n"
        "kappa, confusion matrix; for ground filters the errors of type I and II.\n"
        "\n"
        "Points are compared by their order; points without valid coordinates count as\n"
        "well. Points whose true label is ignored are left out; a predicted label that is\n"
        "ignored counts as wrong, and so does a cloud that ptattn-classify failed on.\n"
        "Means leave out classes that appear on neither side.\n",
    .examples =
        "  ptattn-eval tile.ply --predicted label --truth classification\n"
        "  ptattn-eval out/ --truth-file truth/ --truth class --format json\n"
        "  ptattn-eval tile.ply --truth-map asprs.txt --model aerial --ground ground\n"
        "  ptattn-eval room.ply --truth class --ignore 255 --classes wall,floor,chair\n"
        "  ptattn-classify scans/ --format jsonl | ptattn-eval - --truth-from folder\n"
        "  ptattn-eval results.csv --truth-table truth.csv\n"
        "\n"
        "A map is a text file with a line `LABEL CLASS` for each label (# begins a\n"
        "comment, * stands for all other labels, the class `ignore` means left out), or\n"
        "a JSON object {\"LABEL\": \"CLASS\", ...}.\n"};

struct Settings {
  std::vector<std::string> inputs;
  std::string predicted = "label";
  std::string truth = "classification";
  std::string truth_file;
  std::string truth_table;
  std::string truth_from;
  std::string map;
  std::string truth_map;
  std::string predicted_map;
  std::vector<std::string> classes;
  std::string model;
  std::vector<std::string> ignored;
  std::string ground;
  std::string format = "table";
  std::string output;
  bool per_file = false;
};

void declare_truth(CLI::App& app, Settings& s) {
  app.add_option("--predicted", s.predicted, "Field with the predicted labels [label]")
      ->type_name("FIELD");
  app.add_option("--truth", s.truth, "Field with the true labels [classification]")
      ->type_name("FIELD");
  CLI::Option* file =
      app.add_option("--truth-file", s.truth_file,
                     "Cloud with the true labels, or a folder of such clouds, which have the names "
                     "of the inputs [the inputs themselves]")
          ->type_name("PATH");
  CLI::Option* table =
      app.add_option("--truth-table", s.truth_table,
                     "The inputs are results of ptattn-classify (jsonl or csv, - for standard "
                     "input); FILE is a csv file with the columns path and class")
          ->type_name("FILE")
          ->excludes(file);
  app.add_option(
         "--truth-from", s.truth_from,
         "The same, with the class of a cloud in the name of its folder (scans/chair/1.ply) "
         "or of its file (chair_0001.ply)")
      ->type_name("NAME")
      ->check(CLI::IsMember({"folder", "file"}))
      ->excludes(file)
      ->excludes(table);
}

void declare_classes(CLI::App& app, Settings& s) {
  app.add_option("--map", s.map, "Map from labels to classes, for both sides")->type_name("FILE");
  app.add_option("--truth-map", s.truth_map, "Map for the true labels")->type_name("FILE");
  app.add_option("--predicted-map", s.predicted_map, "Map for the predicted labels")
      ->type_name("FILE");
  CLI::Option* classes =
      app.add_option("--classes", s.classes, "Names of the classes 0, 1, 2, ..., with commas")
          ->type_name("LIST")
          ->delimiter(',')
          ->allow_extra_args(false);
  app.add_option("--model", s.model, "Name or folder of a model whose classes these are")
      ->type_name("MODEL")
      ->excludes(classes);
  app.add_option("--ignore", s.ignored, "Labels or classes to leave out, with commas")
      ->type_name("LIST")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--ground", s.ground,
                 "Report type I, type II and total error, this class being the ground and all "
                 "others objects")
      ->type_name("CLASS");
}

void declare(CLI::App& app, Settings& s) {
  app.add_option("INPUT", s.inputs,
                 "PLY, PCD, LAS and LAZ files; folders, searched with all below for them; - for a "
                 "list on standard input, a path a line; or results of ptattn-classify")
      ->type_name("");
  declare_truth(app, s);
  declare_classes(app, s);
  app.add_flag("--per-file", s.per_file, "Report accuracy and IoU of every input as well");
  app.add_option("--format", s.format, "table or json [table]")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"table", "json"}));
  app.add_option("--output", s.output, "Write to FILE instead of standard output")
      ->type_name("FILE")
      ->check([](const std::string& name) { return name.empty() ? "the name is empty" : ""; });
}

LabelMap map_of_side(const std::string& own, const std::string& common) {
  const std::string& path = own.empty() ? common : own;
  return path.empty() ? LabelMap() : LabelMap(path);
}

/// The classes of a model of any task.
std::vector<std::string> classes_of_model(const std::string& name) {
  return read_model_description(find_model(name)).classes;
}

Classes make_classes(const Settings& s) {
  ClassSettings settings{.names = s.classes,
                         .truth_map = map_of_side(s.truth_map, s.map),
                         .predicted_map = map_of_side(s.predicted_map, s.map),
                         .ignored = {s.ignored.begin(), s.ignored.end()}};
  if (!s.model.empty()) settings.names = classes_of_model(s.model);
  if (std::set(settings.names.begin(), settings.names.end()).size() != settings.names.size()) {
    throw Error(Fault::kUsage, "--classes", "names a class twice");
  }
  return Classes(std::move(settings));
}

bool evaluates_results(const Settings& s) {
  return !s.truth_table.empty() || !s.truth_from.empty();
}

/// The true class of a cloud, as the options say.
std::function<std::string(const std::string&)> truth_of_paths(const Settings& s) {
  if (s.truth_from == "folder") return class_of_folder;
  if (s.truth_from == "file") return class_of_file;
  return
      [table = TruthTable(s.truth_table)](const std::string& path) { return table.class_of(path); };
}

std::vector<LabelledInput> label_results(const Settings& s) {
  const auto truth = truth_of_paths(s);
  std::vector<LabelledInput> inputs;
  for (const std::string& path : s.inputs) {
    LabelledInput& input = inputs.emplace_back(LabelledInput{.name = path});
    for (const ClassifyResult& result : read_results(path)) {
      ++input.pairs[{truth(result.path), result.predicted}];
    }
  }
  return inputs;
}

std::vector<LabelledInput> label_points(const Settings& s) {
  std::vector<LabelledInput> inputs;
  const std::vector<CloudPair> pairs = pair_clouds(s.inputs, s.truth_file);
  FileSet files;
  for (const CloudPair& pair : pairs) {
    files.insert(pair.predicted);
    files.insert(pair.truth);
  }
  refuse_overwriting(s.output, files);
  for (const CloudPair& pair : pairs) {
    inputs.push_back(label_clouds(pair, s.predicted, s.truth));
  }
  return inputs;
}

/// What the command line names to be read; clouds in folders and lists are not known yet.
FileSet files_read(const Settings& s) {
  FileSet files;
  for (const std::string& input : s.inputs) files.insert(input);
  for (const std::string& file :
       {s.truth_file, s.truth_table, s.map, s.truth_map, s.predicted_map}) {
    files.insert(file);
  }
  if (!s.model.empty()) files.insert_folder(find_model(s.model));
  return files;
}

Report make_report(const Settings& s, Classes& classes, const std::vector<LabelledInput>& inputs) {
  classes.discover(inputs);
  Report report;
  if (evaluates_results(s)) report.items = "clouds";
  if (!s.ground.empty()) report.ground = classes.require(s.ground, "--ground");
  report.classes = classes.names();
  report.confusion = ConfusionMatrix(report.classes.size());
  for (const LabelledInput& input : inputs) {
    report.ignored += classes.add(input, report.confusion);
    if (!s.per_file) continue;
    ConfusionMatrix own(report.classes.size());
    const std::uint64_t ignored = classes.add(input, own);
    report.inputs.push_back({input.name, evaluate(own), ignored});
  }
  return report;
}

int run(const Settings& s) {
  if (s.inputs.empty()) {
    throw Error(Fault::kUsage, "INPUT", "missing, name files, folders or -, see --help");
  }
  refuse_overwriting(s.output, files_read(s));
  Classes classes = make_classes(s);
  if (classes.fixed() && !s.ground.empty()) (void)classes.require(s.ground, "--ground");
  const std::vector<LabelledInput> inputs =
      evaluates_results(s) ? label_results(s) : label_points(s);
  const Report report = make_report(s, classes, inputs);
  Output output = s.output.empty() ? Output::to_stdout() : Output::replacing(s.output);
  output.write(s.format == "json" ? json_text(report) : table_text(report));
  output.commit();
  return 0;
}

}  // namespace
}  // namespace ptattn::tools

int main(int argc, char** argv) {
  using namespace ptattn::tools;
  return run_tool(kAbout, argc, argv, declare, run);
}
