// Computes features of every point: what its surroundings look like. See `ptattn-features --help`.

#include <algorithm>
#include <array>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "batch.hpp"
#include "features/job.hpp"
#include "features/report.hpp"
#include "features/result.hpp"
#include "features/settings.hpp"
#include "features/survey.hpp"
#include "made_by.hpp"
#include "models.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "target.hpp"
#include "tool.hpp"

namespace ptattn::tools {
namespace {

const About kAbout{
    .name = "ptattn-features",
    .summary =
        "Computes features of every point of a cloud: numbers that describe its\n"
        "surroundings, for classifiers, for clustering, or to look at as colours.\n",
    .examples =
        "  ptattn-features scan.ply -o features.ply --colorize\n"
        "  ptattn-features scan.ply -o features.npy --neighbors 16,64 --radius 0.5\n"
        "  ptattn-features scan.ply -o waves.pcd --features encoding --wavelengths 0.1:50\n"
        "  ptattn-features scan.ply -o seen.ply --features attention \\\n"
        "      --inputs xyz,intensity --neighbors 32 --heads 2\n"
        "  ptattn-features --features model --list-layers\n"
        "  ptattn-features chair.ply -o chair_pct.ply --features model \\\n"
        "      --layer pt_last.sa4 --colorize\n"
        "  ptattn-features scans/ -o features/ --resume\n"
        "  ptattn-features scan.ply --names\n"
        "\n"
        "Kinds of features:\n"
        "  geometry   eigenvalue features at several scales: linearity, planarity, ...,\n"
        "             density (Demantke et al. 2011, Weinmann et al. 2015); 13 per scale\n"
        "  encoding   sines and cosines of the coordinates; 6 per wavelength\n"
        "  attention  self-attention without learnt weights: the inputs of the points\n"
        "             around, and their offsets in sines and cosines, averaged with\n"
        "             weights softmax(E). gaussian: E = -|s_i - s_j|^2 / 2\n"
        "             - |p_i - p_j|^2 / (2 H^2), s the inputs scaled to deviation 1, p\n"
        "             the positions; dot: E = (s_i.s_j + P_i.P_j) / sqrt(d), P the\n"
        "             encodings. Coordinates come out as offsets from the point\n"
        "  model      activations of a layer of a pretrained model, carried from the\n"
        "             points or voxels that the model keeps to all points by kernel\n"
        "             interpolation over the 4 nearest. Needs a cloud that the model can\n"
        "             use\n"
        "\n"
        "All fields of the input are kept. Points with a NaN or infinite coordinate get\n"
        "0 in every channel and are black. A neighbourhood larger than the cloud is the\n"
        "whole cloud. Memory: the input, plus 8 bytes per point and channel (attention:\n"
        "12); geometry of clouds that would take more than --memory is computed piece by\n"
        "piece, with the same bytes.\n",
    .layers = layer_names};

/// What can be said before anything is read.
void check_settings(const FeatureSettings& s) {
  check_files(s.files, false);
  if (s.files.output.empty() && !s.names) {
    throw Error(Fault::kUsage, "--output", "missing, name a file or a folder, or ask for --names");
  }
  if (s.kind == FeatureKind::kAttention && s.neighbors.size() > 1) {
    throw Error(Fault::kUsage, "--neighbors", "attention has one neighbourhood, expected one size");
  }
  if (s.kind == FeatureKind::kModel && s.layer.empty()) {
    throw Error(Fault::kUsage, "--layer", "missing, see --list-layers");
  }
  if (s.colorize &&
      (has_extension(s.files.output, ".npy") || has_extension(s.files.output, ".safetensors"))) {
    throw Error(
        Fault::kUsage, "--colorize",
        "a matrix has no colours, expected a name ending in " + extension_list(kCloudExtensions));
  }
}

/// The inputs, with their outputs where there are any.
std::vector<Job> plan(const FeatureSettings& s) {
  const InputList inputs = list_inputs(s.files, std::cin);
  if (s.files.output.empty()) {
    std::vector<Job> jobs;
    for (const InputList::Entry& entry : inputs.entries) jobs.push_back({entry.input});
    return jobs;
  }
  std::vector<Job> jobs = plan_jobs(inputs, s.files.output, {.extensions = kTargets});
  if (s.kind == FeatureKind::kModel) refuse_overwriting_model(jobs, locate_model(s.model));
  if (jobs.size() == 1) check_target(jobs.front().output, kTargets);
  return jobs;
}

/// Reads a cloud, computes its features and writes them, as far as they are asked for.
FileReport process(const FeatureSettings& s, const std::optional<LayerJob>& layer, const Job& job,
                   Progress& progress) {
  if (const auto stream = open_feature_survey(s, job, progress)) {
    return describe_survey(s, job, *stream, progress);
  }
  const std::string path = job.input.path.string();
  progress.status("reading " + path);
  PointCloud cloud = read_cloud(job.input.path, read_options_for(job.output, s.clouds.read));
  tell_notes(cloud, s.clouds.las, job, progress);
  const CloudFrame frame =
      layer && layer->takes_scenes() ? settle_frame(s.frame, cloud, path, progress) : CloudFrame{};
  std::optional<FrameChange> upright_cloud(std::in_place, cloud, frame);
  FeatureCloud seen = make_feature_cloud(cloud, path);
  Remarks remarks;
  if (s.kind == FeatureKind::kGeometry) seen.up = settle_up(s.frame.up, cloud, path, progress);
  if (!layer) remarks = leave_out_strays(seen);  // models leave them out themselves
  const FeatureJob features = layer ? layer->make_job(seen) : make_job(s, seen);
  const std::vector<std::string> fields = field_names(s.prefix, features.names.size());
  FileReport report = begin_report(s, cloud.size(), fields, features.names);
  if (job.output.empty()) return report;
  check_target(job.output, kTargets);
  check_result(s, job, cloud, fields);
  FeatureResult result{
      .meanings = features.names, .notes = {}, .points = seen.points, .values = {}};
  const auto show = [&](std::size_t done, std::size_t total) {
    progress.show_parts(done, total, "points");
  };
  result.values = features.compute(show, remarks);
  if (!layer) {
    warn_of_lonely(count_lonely(result.values), result.values.rows(), remarks.warnings);
  }
  upright_cloud.reset();
  result.notes = tell_all(std::move(remarks), path, progress);
  progress.status("writing " + job.output.string());
  end_report(s, job, fields.size(), result.notes, report);
  write_result(s, job.output.string(), cloud, std::move(result));
  return report;
}

int run(FeatureSettings& s) {
  if (s.list_models) return print_models(std::nullopt, s.files.format);
  if (s.list_layers) return print_layers(s.model, s.files.format);
  check_settings(s);
  s.survey.resume = s.files.resume;
  const std::vector<Job> jobs = plan(s);
  Batch batch = make_batch(kAbout.name, s.files);
  batch.run = s.made_by = s.kind == FeatureKind::kModel ? made_by_model(s.model) : made_by();
  if (s.files.dry_run) return print_plan(jobs, batch);
  std::optional<LayerJob> layer;
  if (s.kind == FeatureKind::kModel) layer.emplace(s);
  return run_batch(jobs, batch, [&](const Job& job, Progress& progress) {
    tell_precision(s.precision, progress);
    return process(s, layer, job, progress);
  });
}

}  // namespace
}  // namespace ptattn::tools

int main(int argc, char** argv) {
  using namespace ptattn::tools;
  return run_tool(kAbout, argc, argv, declare_features, run);
}
