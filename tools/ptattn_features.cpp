// Gives every point features: what its surroundings look like. See `ptattn-features --help`.

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "features/job.hpp"
#include "features/result.hpp"
#include "features/settings.hpp"
#include "inputs.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/models/model_search.hpp"
#include "target.hpp"
#include "tool.hpp"

namespace ptattn::tools {
namespace {

constexpr std::array<std::string_view, 6> kTargets{".ply", ".pcd", ".las",
                                                   ".laz", ".npy", ".safetensors"};

const About kAbout{
    .name = "ptattn-features",
    .summary =
        "Gives every point of a cloud features: numbers that tell what its surroundings\n"
        "look like, for classifiers, for clustering, or to look at as colours.\n",
    .examples =
        "  ptattn-features scan.ply -o features.ply --pca-color\n"
        "  ptattn-features scan.ply -o features.npy --neighbors 16,64 --radii 0.5\n"
        "  ptattn-features scan.ply -o waves.pcd --features encoding --wavelengths 0.1:50\n"
        "  ptattn-features scan.ply -o seen.ply --features attention \\\n"
        "      --inputs xyz,intensity --neighbors 32 --heads 2\n"
        "  ptattn-features --features model --list-layers\n"
        "  ptattn-features chair.ply -o chair_pct.ply --features model \\\n"
        "      --layer pt_last.sa4 --pca-color\n"
        "  ptattn-features scan.ply --names\n"
        "\n"
        "Kinds of features:\n"
        "  geometry   eigenvalue features at several scales: linearity, planarity, ...,\n"
        "             density (Demantke et al. 2011, Weinmann et al. 2015); 13 a scale\n"
        "  encoding   sines and cosines of the coordinates; 6 a wavelength\n"
        "  attention  self-attention without learnt weights: the inputs of the points\n"
        "             around, and their offsets in sines and cosines, averaged with\n"
        "             weights softmax(E). gaussian: E = -|s_i - s_j|^2 / 2\n"
        "             - |p_i - p_j|^2 / (2 H^2), s the inputs scaled to deviation 1, p\n"
        "             the positions; dot: E = (s_i.s_j + P_i.P_j) / sqrt(d), P the\n"
        "             encodings. Coordinates come out as offsets from the point\n"
        "  model      what a layer of a pretrained model says, carried from the points or\n"
        "             voxels that the model keeps to all points by kernel interpolation\n"
        "             over the 4 nearest. Needs a cloud that the model can use\n"
        "\n"
        "All fields of the input are kept. Points with a coordinate that is NaN or\n"
        "infinite get 0 in every channel and black. Neighbourhoods larger than the cloud\n"
        "are the whole cloud. Memory: the input, and twice 4 bytes a point and channel\n"
        "(attention: three times).\n"};

/// What can be said before anything is read.
void check(const FeatureSettings& s) {
  if (s.input.empty()) throw Error(Fault::kUsage, "INPUT", "missing, name a file, see --help");
  if (s.output.empty() && !s.names) {
    throw Error(Fault::kUsage, "--output", "missing, name a file or ask for --names, see --help");
  }
  if (s.kind == FeatureKind::kAttention && s.neighbors.size() > 1) {
    throw Error(Fault::kUsage, "--neighbors", "attention has one neighbourhood, expected one size");
  }
  if (s.kind == FeatureKind::kModel && s.layer.empty()) {
    throw Error(Fault::kUsage, "--layer", "missing, see --list-layers");
  }
  if (s.output.empty()) return;
  check_target(s.output, kTargets);
  if (s.pca_color && !has_cloud_extension(s.output)) {
    throw Error(Fault::kUsage, "--pca-color",
                "a matrix has no colours, expected .ply, .pcd, .las or .laz");
  }
  FileSet files = files_of({{s.input, ""}});
  if (s.kind == FeatureKind::kModel) files.insert_folder(find_model(s.model));
  refuse_overwriting(s.output, files);
}

void compute_and_write(const FeatureSettings& s, PointCloud& cloud, const FeatureCloud& seen,
                       const FeatureJob& job) {
  FeatureResult result{.meanings = job.names, .notes = {}, .points = seen.points, .values = {}};
  Progress progress(kAbout.name, seen.points.size(), "points");
  tell_notes(cloud, s.input, progress);
  result.values = job.compute([&](std::size_t points) { progress.advance(points); }, result.notes);
  for (const std::string& note : result.notes) progress.message(note);
  progress.hide();
  write_result(s, cloud, std::move(result));
}

int run(const FeatureSettings& s) {
  if (s.list_layers) {
    Output::to_stdout().write(layer_table(s.model));
    return 0;
  }
  check(s);
  std::optional<LayerJob> layer;
  if (s.kind == FeatureKind::kModel) layer.emplace(s);
  PointCloud cloud = read_cloud(s.input, s.clouds.read);
  const FeatureCloud seen = make_feature_cloud(cloud, s.input);
  const FeatureJob job = layer ? layer->make_job(seen) : make_job(s, seen);
  const std::vector<std::string> fields = field_names(s.prefix, job.names.size());
  if (!s.output.empty()) check_result(s, cloud, fields);
  if (s.names) Output::to_stdout().write(name_lines(fields, job.names));
  if (!s.output.empty()) compute_and_write(s, cloud, seen, job);
  return 0;
}

}  // namespace
}  // namespace ptattn::tools

int main(int argc, char** argv) {
  using namespace ptattn::tools;
  return run_tool(kAbout, argc, argv, declare_features, run);
}
