// Compares predicted labels with true ones. See `ptattn-eval --help`.

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "batch.hpp"
#include "checks.hpp"
#include "cloud_options.hpp"
#include "eval/class_settings.hpp"
#include "eval/classes.hpp"
#include "eval/cloud_labels.hpp"
#include "eval/doubts.hpp"
#include "eval/reliability_plot.hpp"
#include "eval/report.hpp"
#include "eval/results.hpp"
#include "eval/settings.hpp"
#include "made_by.hpp"
#include "models.hpp"
#include "options.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/io/png.hpp"
#include "target.hpp"
#include "tool.hpp"

namespace ptattn::tools {
namespace {

const About kAbout{
    .name = "ptattn-eval",
    .summary =
        "Compares predicted with true labels: accuracy, IoU, precision, recall, F1,\n"
        "kappa, confusion matrix; for ground filters, type I and type II errors.\n"
        "\n"
        "Points of two files are matched by their order or, where that differs, by their\n"
        "coordinates; points without valid coordinates count as well. Points whose true\n"
        "label is ignored or NaN are left out; a predicted label that is ignored or NaN\n"
        "counts as wrong, and so does a cloud on which ptattn-classify failed. Means\n"
        "leave out classes that appear on neither side. Class numbers are never compared\n"
        "with ASPRS codes: the origin that a file records decides, or --truth-codes and\n"
        "--predicted-codes.\n",
    .examples =
        "  ptattn-eval tile.ply --predicted label --truth classification\n"
        "  ptattn-eval out/ --truth-file truth/ --truth class -o report.json\n"
        "  ptattn-eval tile.ply --truth-codes asprs --model aerial --ground ground\n"
        "  ptattn-eval room.ply --truth class --ignore 255 --classes wall,floor,chair\n"
        "  ptattn-classify scans/ --format jsonl | ptattn-eval - --truth-from folder\n"
        "  ptattn-eval results.csv --truth-table truth.csv\n"
        "  ptattn-eval out/ --truth-file truth/ --model aerial --plot reliability.svg\n"
        "\n"
        "A map is a text file with one line `LABEL CLASS` per label (# starts a comment,\n"
        "* stands for all other labels, the class `ignore` leaves labels out), or a JSON\n"
        "object {\"LABEL\": \"CLASS\", ...}.\n"};

void declare_truth(CLI::App& app, EvalSettings& s) {
  app.add_option("--predicted", s.predicted,
                 "Read the predicted labels from this field [as the file says, else label]")
      ->type_name("FIELD");
  app.add_option("--truth", s.truth, "Read the true labels from this field [classification]")
      ->type_name("FIELD");
  CLI::Option* file = app.add_option("--truth-file", s.truth_file,
                                     "Read the true labels from this cloud, or from the clouds of "
                                     "the same names in this folder [the inputs themselves]")
                          ->type_name("PATH");
  CLI::Option* table =
      app.add_option("--truth-table", s.truth_table,
                     "Read the inputs as results of ptattn-classify (jsonl or csv, - for standard "
                     "input) and the true classes from a csv file with the columns path and class")
          ->type_name("FILE")
          ->excludes(file);
  app.add_option("--truth-from", s.truth_from,
                 "Read the inputs as results of ptattn-classify and take the true class of a cloud "
                 "from the name of its folder (scans/chair/1.ply) or of its file (chair_0001.ply)")
      ->type_name("NAME")
      ->check(one_of({"folder", "file"}))
      ->excludes(file)
      ->excludes(table);
}

void declare_classes(CLI::App& app, EvalSettings& s) {
  app.add_option("--map", s.map, "Map labels of both sides to classes")->type_name("FILE");
  app.add_option("--truth-map", s.truth_map, "Map the true labels to classes")->type_name("FILE");
  app.add_option("--predicted-map", s.predicted_map, "Map the predicted labels to classes")
      ->type_name("FILE");
  CLI::Option* classes =
      app.add_option("--classes", s.classes, "Name the classes 0, 1, 2, ..., separated by commas")
          ->type_name("LIST")
          ->delimiter(',')
          ->allow_extra_args(false);
  add_model(app, s.model, "", "Use the classes of this model, given by name or folder")
      ->excludes(classes);
  add_list_models(app, s.list_models);
  const std::string usual =
      "as the file says, else asprs for a classification and a --model with such codes, else class";
  add_codes(app, s.truth_codes, "--truth-codes", "Read the true labels as", usual);
  add_codes(app, s.predicted_codes, "--predicted-codes", "Read the predicted labels as", usual);
  app.add_option("--ignore", s.ignored, "Leave out these labels or classes, separated by commas")
      ->type_name("LIST")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--ground", s.ground,
                 "Report type I, type II and total error, this class being the ground and all "
                 "others objects")
      ->type_name("CLASS");
}

void declare_reliability(CLI::App& app, EvalSettings& s) {
  app.add_flag("--reliability", s.reliability,
               "Compare confidence with accuracy in 15 bins and report the expected calibration "
               "error; csv then lists the bins");
  app.add_option("--confidence", s.confidence,
                 "Read the confidence from this field; results of ptattn-classify have their own "
                 "[confidence]")
      ->type_name("FIELD");
  app.add_option("--plot", s.plot, "Draw the reliability diagram to FILE, .svg or .png")
      ->type_name("FILE");
}

void declare(CLI::App& app, EvalSettings& s) {
  add_inputs(app, s.files, "; or results of ptattn-classify");
  add_output(app, s.files.output, "Write the report to FILE instead of standard output");
  add_format(app, s.files.format,
             "Write the report as table, json or jsonl (one object), or csv (the classes only) "
             "[by the ending of --output, else table]");
  declare_truth(app, s);
  declare_classes(app, s);
  declare_reliability(app, s);
  app.add_flag("--per-file", s.per_file, "Also report accuracy and IoU of every input");
  add_read_options(app, s.read);
  add_dry_run(app, s.files.dry_run);
}

/// The true class of a cloud, as the options say.
std::function<std::string(const std::string&)> truth_of_paths(const EvalSettings& s) {
  if (s.truth_from == "folder") return class_of_folder;
  if (s.truth_from == "file") return class_of_file;
  return
      [table = TruthTable(s.truth_table)](const std::string& path) { return table.class_of(path); };
}

std::vector<LabelledInput> label_results(const EvalSettings& s, Progress& progress) {
  const auto truth = truth_of_paths(s);
  std::vector<LabelledInput> inputs;
  std::vector<ClassifyResult> all;
  std::vector<std::string> truths;
  for (const std::string& path : s.files.inputs) {
    LabelledInput& input = inputs.emplace_back(LabelledInput{.name = path});
    const std::vector<ClassifyResult> results = read_results(path);
    all.insert(all.end(), results.begin(), results.end());
    for (const ClassifyResult& result : results) {
      const LabelledInput::Pair pair{truth(result.path), result.predicted};
      truths.push_back(pair.first);
      ++input.pairs[pair];
      if (!s.reliability || result.predicted.empty()) continue;
      if (!result.confidence) {
        throw Error(Fault::kInput, path, "holds no confidence for " + result.path);
      }
      input.confidences[pair].add(*result.confidence, false);
    }
  }
  tell({}, doubts_about_results(all), "", progress);
  const bool mapped = !s.map.empty() || !s.truth_map.empty();
  if (!mapped) tell({}, doubts_about_classes(all, truths), "", progress);
  return inputs;
}

std::vector<CloudPair> pair_inputs(const EvalSettings& s) {
  std::vector<CloudPair> pairs =
      pair_clouds(s.files.inputs, s.truth_file, s.files.null_list ? '\0' : '\n');
  FileSet files;
  for (const CloudPair& pair : pairs) {
    files.insert(pair.predicted);
    files.insert(pair.truth);
  }
  refuse_overwriting(s.files.output, files);
  return pairs;
}

std::vector<LabelledInput> label_points(const EvalSettings& s, const std::vector<CloudPair>& pairs,
                                        Progress& progress) {
  std::vector<LabelledInput> inputs;
  const EvalFields fields{.predicted = s.predicted,
                          .truth = s.truth,
                          .confidence = s.reliability ? s.confidence : std::string(),
                          .as_file_says = s.predicted_codes == Codes::kByField && s.map.empty() &&
                                          s.predicted_map.empty()};
  for (const CloudPair& pair : pairs) {
    inputs.push_back(label_clouds(pair, fields, s.read));
    tell_notes(inputs.back().notes, inputs.back().name, progress);
    progress.show_parts(inputs.size(), pairs.size(), "clouds");
  }
  tell({}, doubts_about_truth(pairs, s.truth), "", progress);
  const bool explained = !s.classes.empty() || !s.model.empty() || !s.map.empty() ||
                         !s.truth_map.empty() || s.truth_codes == Codes::kAsprs;
  if (!explained) tell({}, doubts_about_labels(inputs, s.ignored), "", progress);
  return inputs;
}

/// What the command line names to be read; clouds in folders and lists are not known yet.
FileSet files_read(const EvalSettings& s) {
  FileSet files;
  for (const std::string& input : s.files.inputs) files.insert(input);
  for (const std::string& file :
       {s.truth_file, s.truth_table, s.map, s.truth_map, s.predicted_map}) {
    files.insert(file);
  }
  if (!s.model.empty()) files.insert_folder(locate_model(s.model));
  return files;
}

Report make_report(const EvalSettings& s, Classes& classes,
                   const std::vector<LabelledInput>& inputs) {
  classes.discover(inputs);
  classes.check_names(inputs);
  Report report;
  report.made_by = s.model.empty() ? made_by() : made_by_model(s.model);
  if (s.evaluates_results()) report.items = "clouds";
  if (!s.ground.empty()) report.ground = classes.require(s.ground, "--ground");
  report.classes = classes.names();
  report.confusion = ConfusionMatrix(report.classes.size());
  if (s.reliability) report.reliability.emplace();
  for (const LabelledInput& input : inputs) {
    report.ignored += classes.add(input, report.confusion);
    if (report.reliability) classes.add(input, *report.reliability);
    if (!s.per_file) continue;
    ConfusionMatrix own(report.classes.size());
    const std::uint64_t ignored = classes.add(input, own);
    report.inputs.push_back({input.name, evaluate(own), ignored});
  }
  return report;
}

/// What would be read.
int print_pairs(const EvalSettings& s, const std::vector<CloudPair>& pairs) {
  std::vector<Job> jobs;
  if (s.evaluates_results()) {
    for (const std::string& input : s.files.inputs) jobs.push_back({{input, ""}});
  }
  for (const CloudPair& pair : pairs) {
    jobs.push_back({{pair.predicted, ""}});
    if (!pair.truth.empty()) jobs.push_back({{pair.truth, ""}});
  }
  return print_plan(jobs, make_batch(kAbout.name, s.files));
}

std::string text_of(const Report& report, Format format) {
  if (format == Format::kTable) return table_text(report);
  return format == Format::kCsv ? csv_text(report) : json_text(report);
}

void write_plot(const std::string& path, const Report& report) {
  const ReliabilityTable& table = *report.reliability;
  if (path.ends_with(".png")) {
    return write_png(path, reliability_image(table), provenance_lines(report.made_by));
  }
  Output output = Output::replacing(path);
  output.write(reliability_svg(table));
  output.commit();
}

void check_plot(EvalSettings& s) {
  if (s.plot.empty()) return;
  if (!s.plot.ends_with(".svg") && !s.plot.ends_with(".png")) {
    throw Error(Fault::kUsage, "--plot", s.plot + " is not a .svg or .png file");
  }
  refuse_overwriting(s.plot, files_read(s));
  if (s.plot == s.files.output) throw Error(Fault::kUsage, "--plot", "is also the --output");
  check_target(s.plot, {});
  s.reliability = true;
}

std::uint64_t items_of(const std::vector<LabelledInput>& inputs) {
  std::uint64_t items = 0;
  for (const LabelledInput& input : inputs) {
    for (const auto& [pair, count] : input.pairs) items += count;
  }
  return items;
}

/// Says so where maps and ignored labels leave nothing to compare.
void warn_of_nothing(const Report& report, const std::vector<LabelledInput>& inputs,
                     Progress& progress) {
  const std::uint64_t items = items_of(inputs);
  if (items == 0 || report.ignored < items) return;
  progress.warn("", {"nothing", "all " + std::to_string(items) + " " + report.items +
                                    " are ignored: nothing was compared"});
}

int run(EvalSettings& s) {
  if (s.list_models) return print_models(std::nullopt, s.files.format);
  check_files(s.files, false);
  check_plot(s);
  refuse_overwriting(s.files.output, files_read(s));
  const Format format = choose_format(s.files.format, s.files.output);
  const std::vector<CloudPair> pairs =
      s.evaluates_results() ? std::vector<CloudPair>() : pair_inputs(s);
  require_result_name(s.files.output);
  if (s.predicted.empty()) s.predicted = find_predicted_field(pairs, s.truth);
  std::vector<std::string> notes;
  Classes classes(settle_classes(s, pairs, notes));
  if (classes.fixed() && !s.ground.empty()) (void)classes.require(s.ground, "--ground");
  if (s.files.dry_run) return print_pairs(s, pairs);
  if (!s.files.output.empty()) check_target(s.files.output, {});
  Progress progress(kAbout.name, 1, "runs");
  for (const std::string& note : notes) progress.note("", note);
  const std::vector<LabelledInput> inputs =
      s.evaluates_results() ? label_results(s, progress) : label_points(s, pairs, progress);
  const bool as_they_are = !s.evaluates_results() && !classes.fixed();
  if (as_they_are) tell({}, doubts_about_numbering(inputs), "", progress);
  Report report = make_report(s, classes, inputs);
  warn_of_nothing(report, inputs, progress);
  report.warnings = progress.take_warnings();
  progress.hide();
  Output output = s.files.output.empty() ? Output::to_stdout() : Output::replacing(s.files.output);
  if (!s.plot.empty()) write_plot(s.plot, report);
  output.write(text_of(report, format));
  output.commit();
  progress.summary(inputs.size(), items_of(inputs), report.items);
  return 0;
}

}  // namespace
}  // namespace ptattn::tools

int main(int argc, char** argv) {
  using namespace ptattn::tools;
  return run_tool(kAbout, argc, argv, declare, run);
}
