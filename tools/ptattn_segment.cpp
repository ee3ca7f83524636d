// Labels every point of point clouds, with a pretrained Transformer. See `ptattn-segment --help`.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "batch.hpp"
#include "checks.hpp"
#include "cloud_options.hpp"
#include "made_by.hpp"
#include "memory_limit.hpp"
#include "models.hpp"
#include "options.hpp"
#include "ptattn/cloud/field_meaning.hpp"
#include "ptattn/core/error.hpp"
#include "segment/instance_field.hpp"
#include "segment/run.hpp"
#include "segment/survey.hpp"
#include "target.hpp"
#include "tool.hpp"

namespace ptattn::tools {
namespace {

constexpr std::size_t kMaxNeighbors = 64;

const About kAbout{
    .name = "ptattn-segment",
    .summary =
        "Labels every point of a point cloud (ground, building, ...) with a pretrained\n"
        "Transformer. Clouds may have any size; all their fields are kept.\n",
    .examples =
        "  ptattn-segment tile.laz -o labelled.laz\n"
        "  ptattn-segment tile.ply -o labelled.ply\n"
        "  ptattn-segment tile.ply -o colours.ply --colorize --probabilities\n"
        "  ptattn-segment survey/ -o labelled/ --field classification --replace\n"
        "  ptattn-segment big.ply -o big_labelled.ply --memory 2G\n"
        "  ptattn-segment tile.ply -o labelled.ply --votes 4\n"
        "  find survey -name '*.pcd' | ptattn-segment - -o labelled/ --format jsonl\n"
        "  record | ptattn-segment --stream -o labelled/ --model my-sweeps\n"
        "\n"
        "New fields: label (the class number, see --list-models), confidence (its\n"
        "probability), entropy (of all class probabilities, in nats) and margin (the\n"
        "lead over the second class). Points with a NaN or infinite coordinate and\n"
        "points far from all others get zeros. In LAS and LAZ files the labels are ASPRS\n"
        "codes in classification, points far from all others are noise (7, or 18 above\n"
        "the scene), and probabilities are extra bytes in steps of 0.0001.\n",
    .task = ModelTask::kPoints};

struct Settings {
  FileOptions files;
  std::string model = "aerial";
  bool list_models = false;
  Codes codes = Codes::kByField;
  std::optional<std::size_t> memory;
  Precision precision = Precision::kFloat32;
  std::string category;
  std::string field;
  std::vector<std::string> instances;
  std::optional<std::size_t> neighbors;
  SegmentRun run;
};

void declare_fields(CLI::App& app, Settings& s) {
  add_field(app, s.field,
            "Write the labels to the field NAME [in LAS and LAZ files classification, in place of "
            "the old one; else label]");
  add_codes(app, s.codes, "--codes", "Write labels as", "asprs for classification, else class");
  add_prefix(app, s.run.fields.prefix, "Put TEXT before the names of all new fields");
  app.add_flag("--replace", s.run.fields.replace,
               "Let new fields replace fields of the same name, such as an old classification; the "
               "label field keeps its type if the labels fit. Old colours are dropped [refuse such "
               "clouds, keep old colours]");
  app.add_flag(
      "--clean", s.run.segment.clean,
      "Smooth labels over neighbours of similar height; helps most where points are sparse [off]");
  app.add_option("--instances", s.instances,
                 "Number the objects of these classes, separated by commas, in a field called "
                 "instance: connected ones such as buildings; for vegetation tree crowns, found by "
                 "their tops, which is approximate where crowns touch")
      ->type_name("CLASSES")
      ->delimiter(',')
      ->allow_extra_args(false);
  add_unsure_below(app, s.run.fields.unsure_below,
                   "Give points with a confidence below P a label of their own: 1 (unclassified) "
                   "among ASPRS codes, -1 among class numbers [0]");
  app.add_flag("--probabilities", s.run.fields.probabilities,
               "Add a field p_CLASS with the probability of each class");
  app.add_flag("--colorize", s.run.fields.colorize,
               "Colour the points by class; colours of the input are kept as original_red, ...");
}

void declare(CLI::App& app, Settings& s) {
  add_inputs(app, s.files);
  add_stream(app, s.files);
  add_output(app, s.files.output,
             "Write to this file or, for several inputs, to this folder, which exists or ends in "
             "/. Inputs from a folder keep their paths in it",
             "PATH");
  add_format(app, s.files.format);
  add_model(app, s.model, "aerial");
  add_list_models(app, s.list_models);
  add_precision(app, s.precision);
  declare_fields(app, s);
  add_category(app, s.category, "the most likely");
  app.add_option(
         "--votes", s.run.segment.votes,
         "Average over N views: scenes are rotated about the vertical by quarter turns (up to 4), "
         "objects by up to 10 degrees, or in any way for models that take them on any side (up to "
         "64). Better labels for N times the network's time [as the model says, mostly 1]")
      ->type_name("N")
      ->check(whole_number(1, kMaxObjectVotes));
  add_neighbors(app, s.neighbors, kMaxNeighbors,
                "Give each point the probabilities of its K nearest voxels, weighted by distance "
                "[8]");
  add_memory(app, s.memory,
             "Let the work on a cloud use this much memory, such as 500M or 2G. The network sees "
             "clouds with more voxels than fit at a time, or with more than 2^20 (1048576), in "
             "overlapping tiles; points that do not fit lie in a scratch folder");
  add_survey_options(app, s.run.survey);
  add_frame_options(app, s.run.frame);
  add_cloud_options(app, s.run.clouds);
  add_course(app, s.files);
}

/// The settings that follow from others and from the model.
void fit_to_model(Settings& s, const SegmenterDescription& model) {
  s.run.segment.probabilities = s.run.fields.probabilities;
  s.run.survey.resume = s.files.resume;
  s.run.segment.tiling.memory = s.memory ? *s.memory : default_memory();
  if (s.neighbors) s.run.segment.neighbors = *s.neighbors;
  s.run.fields.label_by_format = s.field.empty() && s.codes == Codes::kByField;
  if (!s.field.empty()) s.run.fields.field = s.field;
  const bool classification = names_asprs_codes(s.run.fields.field);
  s.run.fields.asprs_codes = s.codes == Codes::kByField
                                 ? classification && !model.asprs_codes.empty()
                                 : s.codes == Codes::kAsprs;
  if (s.run.fields.asprs_codes && model.asprs_codes.empty()) {
    throw Error(Fault::kUsage, "--codes", model.name + " has no ASPRS codes");
  }
  s.run.fields.instances = find_instance_classes(s.instances, model);
  (void)new_fields(s.run.fields, model);  // names that clash are refused before the work begins
  if (model.preprocessing.frame == Frame::kObject && s.run.frame.metres != 1.0) {
    throw Error(Fault::kUsage, "--unit", model.name + " takes objects, in any unit");
  }
  if (model.preprocessing.frame == Frame::kObject && !s.run.frame.up) {
    throw Error(Fault::kUsage, "--up", "auto is for scenes, name the axis for " + model.name);
  }
  if (s.run.segment.votes > most_votes(model.preprocessing)) {
    throw Error(Fault::kUsage, "--votes",
                "is " + std::to_string(*s.run.segment.votes) + ", but " + model.name +
                    " takes scenes, of which there are " +
                    std::to_string(most_votes(model.preprocessing)) + " views");
  }
  if (s.category.empty()) return;
  s.run.segment.category = find_category(s.category, model.categories, model.name);
}

/// What this run is; as many views as the model says are as good as not given.
Provenance run_of(const Settings& s, const SegmenterDescription& model,
                  const std::filesystem::path& folder) {
  Provenance run = made_by(model.name, folder);
  if (s.run.segment.votes == model.preprocessing.votes) {
    std::erase(run.options, "votes=" + std::to_string(model.preprocessing.votes));
  }
  return run;
}

int run(Settings& s) {
  if (s.list_models) return print_models(ModelTask::kPoints, s.files.format);
  check_files(s.files);
  std::vector<Job> jobs;
  std::optional<JobStream> stream;
  if (s.files.stream) {
    stream.emplace(s.files.output);
  } else {
    jobs =
        plan_jobs(list_inputs(s.files, std::cin), s.files.output, {.extensions = kCloudExtensions});
  }
  const std::filesystem::path folder = locate_model(s.model);
  refuse_overwriting_model(jobs, folder);
  check_survey_options(s.run.survey, jobs.size());
  Batch batch = make_batch(kAbout.name, s.files);
  const SegmenterDescription description = read_segmenter_description(folder);
  fit_to_model(s, description);
  batch.run = s.run.made_by = run_of(s, description, folder);
  if (s.files.dry_run) return print_plan(jobs, batch);
  const SegmenterModel model = load_segmenter(folder, s.precision);
  batch.made_by["model"] = description.name;
  batch.memory_advice = ", a smaller --memory may help";
  const FileWork work = [&](const Job& job, Progress& progress) {
    tell_precision(s.precision, progress);
    return segment_file(job, model, s.run, progress);
  };
  batch.goes_beside_others = [&](const Job& job) { return goes_beside_others(job, model, s.run); };
  if (!stream) return run_batch(jobs, batch, work);
  NameStream names(std::cin, s.files.null_list ? '\0' : '\n');
  const auto next = [&]() -> std::optional<Job> {
    const std::optional<Input> input = names.next();
    if (!input) return std::nullopt;
    Job job = stream->place(*input);
    refuse_overwriting_model({job}, folder);
    return job;
  };
  return run_stream(next, batch, work);
}

}  // namespace
}  // namespace ptattn::tools

int main(int argc, char** argv) {
  using namespace ptattn::tools;
  return run_tool(kAbout, argc, argv, declare, run);
}
