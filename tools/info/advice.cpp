#include "advice.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include "../target.hpp"
#include "ptattn/cloud/columns.hpp"
#include "ptattn/cloud/field_meaning.hpp"
#include "ptattn/cloud/normalize.hpp"
#include "ptattn/cloud/orientation.hpp"
#include "ptattn/cloud/provenance.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/models/model_search.hpp"
#include "ptattn/tasks/geometry/object_hints.hpp"
#include "ptattn/tasks/scene/hints.hpp"
#include "ptattn/tasks/scene/scan_fields.hpp"
#include "ptattn/tasks/scene/voxels.hpp"

namespace ptattn::tools {
namespace {

constexpr std::size_t kSample = 500'000;

/// Every s-th point with its coordinates and returns, and what the file says besides.
PointCloud thinned(const PointCloud& cloud) {
  const std::size_t step = std::max<std::size_t>(1, (cloud.size() + kSample - 1) / kSample);
  const std::size_t count = (cloud.size() + step - 1) / step;
  PointCloud sample(count);
  sample.set_name(cloud.name());
  std::vector<const Field*> kept;
  std::ranges::copy(require_coordinates(cloud), std::back_inserter(kept));
  for (const Meaning meaning : {Meaning::kReturnNumber, Meaning::kNumberOfReturns}) {
    if (const Field* const field = find_field(cloud, meaning)) kept.push_back(field);
  }
  for (const Field* const one : kept) {
    const Field& from = *one;
    Field& to = sample.add(from.name(), from.type());
    const std::size_t bytes = from.bytes_per_point();
    for (std::size_t i = 0; i < count; ++i) {
      std::ranges::copy(from.bytes().subspan(i * step * bytes, bytes),
                        to.bytes().subspan(i * bytes, bytes).begin());
    }
  }
  sample.metadata().las = cloud.metadata().las;
  return sample;
}

/// Whether a model of scenes has labelled the cloud, by what it says of its origin.
bool was_labelled_as_scene(const PointCloud& cloud) {
  const auto is_of_scenes = [](const Provenance& run) {
    if (run.tool != "ptattn-segment" || run.model.empty()) return false;
    try {
      const auto description = read_segmenter_description(find_model(run.model));
      return description.preprocessing.frame == Frame::kScene;
    } catch (const Error&) {  // of another machine, whose kind is not known
      return false;
    }
  };
  return std::ranges::any_of(read_provenance(cloud.metadata().comments), is_of_scenes);
}

/// What a cloud seems to be.
struct Kind {
  /// @param degrees  whether the coordinates seem to be longitudes and latitudes
  Kind(const PointCloud& cloud, bool degrees) : sample(thinned(cloud)), is_scene(degrees) {
    if (cloud.empty()) return;
    share = static_cast<double>(sample.size()) / static_cast<double>(cloud.size());
    RawVector<Position> positions = cloud.positions();
    (void)keep_finite(positions);
    drop_strays(positions, find_strays(positions, Subject::kScene));
    if (positions.empty()) return;
    of_object = object_hints(cloud, positions);
    is_scene = is_scene || std::ranges::count(of_object, "scene", &Hint::code) > 0 ||
               was_labelled_as_scene(cloud);
  }

  PointCloud sample;
  double share = 1.0;             ///< of the points that are in the sample
  std::vector<Hint> of_object{};  ///< what a classifier would say
  bool is_scene = false;
};

std::vector<std::string> missing_fields(const PointCloud& cloud, const SceneProfile& profile) {
  std::vector<std::string> missing;
  const ScanFields scan = find_scan_fields(cloud);
  const auto lacks = [&](const char* const name) { return find_columns(cloud, name).empty(); };
  if (profile.uses(ChannelKind::kColor) && lacks("colors")) missing.emplace_back("colours");
  if (profile.uses(ChannelKind::kNormal) && lacks("normals")) missing.emplace_back("normals");
  const bool intensity =
      profile.uses(ChannelKind::kIntensity) || profile.uses(ChannelKind::kStrength);
  if (intensity && scan.intensity == nullptr) missing.emplace_back("intensity");
  const bool returns = profile.uses(ChannelKind::kLast) || profile.uses(ChannelKind::kMultiple);
  if (returns && scan.return_number == nullptr) missing.emplace_back("return numbers");
  return missing;
}

/// Longitudes and latitudes, not a pole near 0.
bool has_degrees(const CloudFacts& facts) {
  constexpr double kFarOff = 100.0;  // times the extent from 0
  if (facts.unit.unit != "degree") return false;
  const Position extent = facts.bounds.extent();
  const Position& low = facts.bounds.low;
  return facts.system.is_known() ||
         std::max(std::abs(low[0]), std::abs(low[1])) > kFarOff * std::max(extent[0], extent[1]);
}

/// Hints of a model of scenes, from what is left of the cloud after thinning.
std::vector<Hint> hints_of_scene(const PointCloud& sample, double share,
                                 const SceneProfile& profile, const std::string& path) {
  try {
    return scene_hints(sample, voxelize(sample, profile), profile, share);
  } catch (const Error& error) {
    if (error.fault() != Fault::kInput) throw;
    const std::string what = error.what();
    const std::string subject = path + ": ";
    return {{"refused", what.starts_with(subject) ? what.substr(subject.size()) : what}};
  }
}

/// What the command line needs besides the file.
std::string frame_options(const CloudFacts& facts) {
  std::string options;
  if (facts.pose && facts.pose->is_flat() && facts.pose->up != Axis::kZ) {
    options += " --up " + std::string(name_of(facts.pose->up));
  }
  if (facts.unit.metres > 0.0 && facts.unit.metres != 1.0) options += " --unit " + facts.unit.unit;
  return options;
}

/// The name with quotes where a shell needs them.
std::string shell_word(const std::string& path) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./-+,:@%";
  if (!path.empty() && path.find_first_not_of(kPlain) == std::string::npos) return path;
  std::string word = "'";
  for (const char c : path) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

/// Whether ptattn-segment has been at work already, whose fields are taken.
bool is_labelled(const CloudFacts& facts) {
  return std::ranges::any_of(
      facts.made_by, [](const std::string& run) { return run.starts_with("ptattn-segment "); });
}

std::string segment_command(const std::string& path, const std::string& model,
                            const CloudFacts& facts) {
  std::filesystem::path output = without_gz(path).filename();
  const auto is_written = [&](std::string_view end) { return has_extension(output.string(), end); };
  if (std::ranges::none_of(kCloudExtensions, is_written)) output.replace_extension(".ply");
  output.replace_filename(output.stem().string() + "_labelled" + output.extension().string());
  return "ptattn-segment " + shell_word(path) + " -o " + shell_word(output.string()) +
         (model == "aerial" ? "" : " --model " + model) + frame_options(facts) +
         (is_labelled(facts) ? " --replace" : "");
}

/// What a model takes.
enum class Takes : std::uint8_t { kScenes, kObjects, kPartsOfObjects };

/// A model's fit with what it takes; nothing where it cannot be read, and so fits nothing.
std::optional<std::pair<Takes, ModelFit>> fit_of(const std::string& name, const PointCloud& cloud,
                                                 const Kind& kind, const std::string& path) {
  try {
    const std::filesystem::path folder = find_model(name);
    ModelFit fit{.model = name, .hints = kind.of_object};
    Takes takes = Takes::kObjects;
    if (read_model_task(folder) == ModelTask::kPoints) {
      const SceneProfile profile = read_segmenter_description(folder).preprocessing;
      fit.missing = missing_fields(cloud, profile);
      const bool scenes = profile.frame == Frame::kScene;
      takes = scenes ? Takes::kScenes : Takes::kPartsOfObjects;
      if (scenes) fit.hints = hints_of_scene(kind.sample, kind.share, profile, path);
    }
    fit.fits = (takes == Takes::kScenes) == kind.is_scene && fit.hints.empty();
    return std::pair{takes, std::move(fit)};
  } catch (const Error& error) {
    if (error.fault() != Fault::kModel) throw;
    return std::nullopt;
  }
}

}  // namespace

Advice advise(const PointCloud& cloud, const CloudFacts& facts, const std::string& path) {
  const Kind kind(cloud, has_degrees(facts));
  const Takes wanted = kind.is_scene ? Takes::kScenes : Takes::kObjects;
  const std::string usual = kind.is_scene ? "aerial" : "pct-modelnet40";
  Advice advice{.kind = kind.is_scene ? "scene" : "object"};
  for (const std::string& name : list_models()) {
    auto found = fit_of(name, cloud, kind, path);
    if (!found) continue;
    const ModelFit& fit = found->second;
    if (found->first == wanted && (advice.model.empty() || name == usual)) {
      advice.model = name;
      advice.hints = fit.hints;
    }
    advice.models.push_back(std::move(found->second));
  }
  if (advice.model.empty()) return advice;
  advice.command = kind.is_scene ? segment_command(path, advice.model, facts)
                                 : "ptattn-classify " + shell_word(path) + " --up auto" +
                                       (advice.model == usual ? "" : " --model " + advice.model);
  return advice;
}

}  // namespace ptattn::tools
