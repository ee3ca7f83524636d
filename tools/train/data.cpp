#include "data.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include "../inputs.hpp"
#include "../suggest.hpp"
#include "cloud_checks.hpp"
#include "ptattn/cloud/field_meaning.hpp"
#include "ptattn/cloud/frame_change.hpp"
#include "ptattn/cloud/provenance.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/core/text.hpp"
#include "ptattn/io/cloud_io.hpp"

namespace ptattn::tools {
namespace {

namespace fs = std::filesystem;
using train::LabelledCloud;

constexpr double kHeldOutShare = 1.0 / 7.0;
constexpr double kSelectionShare = 0.1;
constexpr double kGapShare = 0.02;  // of the extent, between training and held-out part
constexpr double kDensityCellShare = 0.05;

/// A profile that asks for everything that channels can be made of.
SceneProfile all_attributes() {
  SceneProfile profile;
  for (const ChannelKind kind :
       {ChannelKind::kIntensity, ChannelKind::kLast, ChannelKind::kColor, ChannelKind::kNormal}) {
    profile.channels.push_back({kind, 0});
  }
  return profile;
}

const std::string kFolder = "folder";  // as --truth: it names the class

/// The field of the labels; empty when the folders of the clouds name their classes.
std::string find_truth_field(const std::vector<fs::path>& paths, const std::string& wanted) {
  const std::string subject = paths.front().string();
  if (wanted == kFolder) return "";
  if (!wanted.empty()) return wanted;
  const PointCloud cloud = read_cloud(paths.front());
  if (const Field* const labels = find_labels(cloud)) return labels->name();
  const auto same_folder = [&](const fs::path& path) {
    return path.parent_path() == paths.front().parent_path();
  };
  if (!std::ranges::all_of(paths, same_folder)) return "";
  const std::string known = comma_joined(cloud.fields(), &Field::name);
  throw Error(Fault::kInput, subject,
              "has no known label field, name one of " + known + " by --truth");
}

DataFile look_at(LabelledCloud cloud) {
  DataFile file{.cloud = std::move(cloud)};
  std::array<float, 3> high{};
  for (const auto& p : file.cloud.positions) {
    for (std::size_t axis = 0; axis < 3; ++axis) high[axis] = std::max(high[axis], p[axis]);
  }
  file.extent = std::max(high[0], high[1]);
  file.height = high[2];
  if (file.extent <= 0.0) {
    throw Error(Fault::kInput, file.cloud.name,
                "has no extent in plan, expected a scene with z up");
  }
  file.spacing = 1.0 / std::sqrt(train::plan_density(file.cloud, kDensityCellShare * file.extent));
  return file;
}

bool matches(const fs::path& path, const std::vector<std::string>& patterns) {
  return std::ranges::any_of(patterns, [&](const std::string& pattern) {
    return fnmatch(pattern.c_str(), path.filename().c_str(), 0) == 0 ||
           fnmatch(pattern.c_str(), path.stem().c_str(), 0) == 0;
  });
}

/// Points of each label.
std::vector<std::size_t> count_labels(const LabelledCloud& cloud, const train::LabelSpace& space) {
  std::vector<std::size_t> counts(space.size(), 0);
  for (const train::Label label : cloud.labels) {
    if (label != train::kUnlabelled) ++counts[label];
  }
  return counts;
}

bool has_labels(const LabelledCloud& cloud) {
  return std::ranges::any_of(cloud.labels,
                             [](train::Label label) { return label != train::kUnlabelled; });
}

/// The files of the command line, each of which can be read.
std::vector<fs::path> find_files(const TrainSettings& settings) {
  std::vector<fs::path> paths;
  for (const Input& input : expand_inputs(settings.data, std::cin)) {
    if (!input.problem.empty()) {
      throw Error(Fault::kInput, input.path.string(), input.problem);
    }
    paths.push_back(input.path);
  }
  if (paths.empty())
    throw Error(Fault::kUsage, "DATA", "missing, name labelled clouds, see --help");
  return paths;
}

/// What the labels mean where --classes does not say it.
TruthPlan look_for_truth(const std::vector<fs::path>& paths, const std::string& field, bool asprs) {
  std::map<std::int64_t, std::size_t> values;
  for (const fs::path& path : paths) {
    for (const auto& [value, count] : train::count_values(read_cloud(path), field)) {
      values[value] += count;
    }
  }
  return guess_truth(field, values, asprs);
}

/// What the files say of their labels, where all of them say so.
/// @throws Error(Fault::kInput) where they differ
std::optional<LabelMeaning> common_origin(const std::vector<fs::path>& paths,
                                          const std::string& field) {
  std::optional<LabelMeaning> common;
  for (const fs::path& path : paths) {
    std::error_code ignored;
    if (!fs::is_regular_file(path, ignored)) return std::nullopt;
    auto own = find_label_meaning(read_comments(path), field);
    if (!own || own->codes != LabelCodes::kClass) return std::nullopt;
    if (common && own != common) {
      throw Error(Fault::kInput, path.string(),
                  field + " holds other classes than in " + paths.front().string() +
                      ", say by --classes what they mean");
    }
    common = std::move(own);
  }
  return common;
}

/// The model without the classes that --drop-class names.
train::ModelSpec without_dropped(const train::ModelSpec& init,
                                 const std::vector<std::string>& dropped) {
  std::vector<std::string> classes = init.classes;
  for (const std::string& name : dropped) {
    if (std::erase(classes, name) > 0) continue;
    throw Error(Fault::kUsage, "--drop-class",
                "names \"" + name + "\", which the model lacks" + did_you_mean(name, classes));
  }
  return train::with_classes(init, std::move(classes));
}

/// Refuses maps that are for none of the clouds.
void check_maps(const TrainSettings& settings, const std::vector<fs::path>& paths,
                const TruthPlan& plan) {
  if (plan.by_file.empty()) return;
  std::vector<std::string> names;
  for (const fs::path& path : paths) {
    names.push_back(path.stem().string());
    if (plan.by_file.contains(names.back())) return;
  }
  const std::string& named = plan.by_file.begin()->first;
  throw Error(Fault::kInput, settings.maps,
              "names none of the clouds, but \"" + named + "\"" + did_you_mean(named, names));
}

TruthPlan truth_for(const TrainSettings& settings, const std::vector<fs::path>& paths,
                    const std::string& field, const train::ModelSpec* whole) {
  if (!settings.drop_classes.empty() && whole == nullptr) {
    throw Error(Fault::kUsage, "--drop-class", "needs --init, the model that it is taken from");
  }
  std::optional<train::ModelSpec> init;
  if (whole != nullptr) init = without_dropped(*whole, settings.drop_classes);
  if (!settings.add_classes.empty() && !init) {
    throw Error(Fault::kUsage, "--add-class", "needs --init, the model that it is added to");
  }
  const bool asprs = settings.classes == "asprs";
  const bool reads_classes = !settings.classes.empty() && !asprs;
  if (!settings.maps.empty() && !reads_classes) {
    throw Error(Fault::kUsage, "--maps", "needs --classes FILE, which names the classes");
  }
  if (reads_classes) {
    if (!settings.add_classes.empty()) {
      throw Error(Fault::kUsage, "--add-class", "cannot be used with --classes, name it there");
    }
    TruthPlan plan = read_truth(settings, field, init ? init->classes : std::vector<std::string>{});
    check_maps(settings, paths, plan);
    return plan;
  }
  const bool codes = asprs || names_asprs_codes(field);
  const auto origin = codes ? std::nullopt : common_origin(paths, field);
  if (init) {
    TruthPlan plan = truth_of_model(*init, field, settings.add_classes, codes);
    if (origin) match_names(plan, *origin, *init);
    return plan;
  }
  if (origin && !codes) return truth_of_origin(*origin, field);
  return look_for_truth(paths, field, codes);
}

/// The classes that folders name, in alphabetical order.
TruthPlan truth_of_folders(const std::vector<fs::path>& paths) {
  TruthPlan plan{
      .space = {}, .common = {.field = "", .labels = {}}, .by_file = {}, .asprs_codes = {}};
  for (const fs::path& path : paths) {
    plan.space.classes.push_back(path.parent_path().filename().string());
  }
  std::ranges::sort(plan.space.classes);
  std::vector<std::string>& classes = plan.space.classes;
  classes.erase(std::unique(classes.begin(), classes.end()), classes.end());
  check_number_of_classes(plan.space.classes, "DATA");
  return plan;
}

std::vector<train::Label> labels_of(const PointCloud& cloud, const TrainData& data,
                                    const fs::path& path) {
  if (data.kind != TrainKind::kObjects) {
    return train::read_labels(cloud, data.truth.of(path));
  }
  const auto& classes = data.truth.space.classes;
  const auto found = std::ranges::find(classes, path.parent_path().filename().string());
  if (found == classes.end()) {
    throw Error(Fault::kInput, path.string(), "is in a folder that is not one of the classes");
  }
  return std::vector<train::Label>(cloud.size(),
                                   static_cast<train::Label>(found - classes.begin()));
}

/// Draws a tenth of the objects by name and seed.
std::vector<DataFile> draw_objects(std::vector<DataFile>& files, std::uint64_t seed) {
  constexpr std::uint64_t kShare = 10;
  std::vector<DataFile> drawn;
  std::vector<DataFile> rest;
  for (DataFile& file : files) {
    const bool out = splitmix64_mix(fnv1a64(file.cloud.name) + seed) % kShare == 0;
    (out ? drawn : rest).push_back(std::move(file));
  }
  files = std::move(rest);
  return drawn;
}

/// Cuts a held-out part off every training file.
void hold_out_by_place(TrainData& data) {
  std::vector<DataFile> rest;
  for (DataFile& file : data.training) {
    auto [kept, cut] = train::cut_off(file.cloud, kHeldOutShare, kGapShare * file.extent);
    cut.name += " (held-out part)";
    if (has_labels(cut)) data.held_out.push_back(look_at(std::move(cut)));
    if (has_labels(kept)) rest.push_back(look_at(std::move(kept)));
  }
  data.training = std::move(rest);
  data.notes.emplace_back(
      "held out: the last seventh of every file along its longer side (--hold-out names files "
      "instead, a better test)");
}

/// True when every class that has points keeps some without `taken` of them.
bool leaves_all_classes(std::span<const std::size_t> all, std::span<const std::size_t> taken) {
  for (std::size_t l = 0; l < all.size(); ++l) {
    if (all[l] > 0 && all[l] == taken[l]) return false;
  }
  return true;
}

/// Cuts a part for selection off every training file that can spare it.
void select_by_place(TrainData& data) {
  std::vector<std::size_t> left = count_labels(data.training, data.truth.space);
  for (DataFile& file : data.training) {
    auto [kept, cut] = train::cut_off(file.cloud, kSelectionShare, kGapShare * file.extent,
                                      train::PlaceEnd::kFirst);
    if (!has_labels(cut) || !has_labels(kept)) continue;
    std::vector<std::size_t> taken = count_labels(file.cloud, data.truth.space);
    const auto stays = count_labels(kept, data.truth.space);
    for (std::size_t l = 0; l < taken.size(); ++l) taken[l] -= stays[l];
    if (!leaves_all_classes(left, taken)) continue;
    for (std::size_t l = 0; l < taken.size(); ++l) left[l] -= taken[l];
    cut.name += " (selection)";
    data.selection.push_back(look_at(std::move(cut)));
    file = look_at(std::move(kept));
  }
  if (data.selection.empty()) return;
  data.notes.emplace_back("selection: the first tenth of " + std::to_string(data.selection.size()) +
                          " files along their longer side (--select names files instead)");
}

void hold_out(TrainData& data, const TrainSettings& settings) {
  if (settings.hold_out.empty() && settings.fits_head()) {
    data.notes.emplace_back("held out: nothing, labels are few (--hold-out names files)");
  } else if (settings.hold_out.empty() && data.kind != TrainKind::kScenes) {
    data.held_out = draw_objects(data.training, settings.seed);
    data.notes.emplace_back("held out: a tenth of the objects, drawn by name and seed");
  } else if (settings.hold_out.empty()) {
    hold_out_by_place(data);
  } else if (data.held_out.empty()) {
    throw Error(Fault::kUsage, "--hold-out", "matches none of the files");
  }
}

/// Takes a part to choose weights by out of what is left to learn from.
void select_part(TrainData& data, const TrainSettings& settings) {
  const bool chooses = !settings.freeze_encoder && settings.score.empty();
  if (!chooses || settings.select == std::vector<std::string>{"none"}) return;
  if (!settings.select.empty()) {
    if (data.selection.empty()) {
      throw Error(Fault::kUsage, "--select", "matches none of the files that are not held out");
    }
  } else if (data.kind == TrainKind::kScenes) {
    select_by_place(data);
  } else {
    constexpr std::uint64_t kOtherDraw = 0x5e1ec7;
    data.selection = draw_objects(data.training, settings.seed + kOtherDraw);
    data.notes.emplace_back("selection: a tenth of the others, drawn alike");
  }
}

void check_data(const TrainData& data, bool knows_classes) {
  if (data.training.empty()) {
    throw Error(Fault::kInput, "DATA", "holds no labelled point to learn from");
  }
  const auto counts = count_labels(data.training, data.truth.space);
  const auto present = std::ranges::count_if(counts, [](std::size_t n) { return n > 0; });
  if (data.truth.space.classes.size() < 2 || (present < 2 && !knows_classes)) {
    throw Error(Fault::kInput, "DATA", "holds points of one class only, expected two or more");
  }
}

/// Reads a file and sorts it into the part that its name belongs to.
void add_file(const fs::path& path, const TrainSettings& settings, CloudChecks& checks,
              TrainData& data) {
  PointCloud cloud = read_cloud(path);
  const FrameChange framed(cloud, checks.frame_of(cloud, path));
  checks.look_at(cloud, path);
  LabelledCloud labelled =
      train::take_labelled(cloud, labels_of(cloud, data, path), all_attributes());
  labelled.name = path.stem().string();
  if (data.kind == TrainKind::kObjects) {
    labelled.name = path.parent_path().filename().string() + "/" + labelled.name;
  }
  if (!has_labels(labelled)) {
    data.notes.push_back(path.string() + " has no labelled point and is left out");
    return;
  }
  auto& part = matches(path, settings.hold_out) ? data.held_out
               : matches(path, settings.select) ? data.selection
                                                : data.training;
  part.push_back(look_at(std::move(labelled)));
  checks.keep_sample(cloud, path.string(), &part == &data.training);
}

}  // namespace

std::size_t files_with(const TrainData& data, train::AttributeKind kind) {
  return static_cast<std::size_t>(
      std::ranges::count_if(data.training, [&](const DataFile& f) { return f.cloud.has(kind); }));
}

TrainData read_data(const TrainSettings& settings, const train::ModelSpec* init) {
  if (settings.freeze_encoder && init == nullptr) {
    throw Error(Fault::kUsage, "--freeze", "encoder needs --init, the model whose encoder it is");
  }
  if (settings.head != "linear" && !settings.freeze_encoder) {
    throw Error(Fault::kUsage, "--head", "needs --freeze encoder");
  }
  const std::vector<fs::path> paths = find_files(settings);
  TrainData data;
  data.field = find_truth_field(paths, settings.truth);
  if (data.field.empty()) {
    data.kind = TrainKind::kObjects;
    data.truth = truth_of_folders(paths);
  } else {
    if (settings.augment == "object") data.kind = TrainKind::kParts;
    data.truth = truth_for(settings, paths, data.field, init);
  }
  CloudChecks checks(settings, data.field, data.kind != TrainKind::kScenes);
  for (const fs::path& path : paths) add_file(path, settings, checks, data);
  checks.compare_samples();
  if (!data.truth.note.empty()) data.notes.push_back(data.truth.note);
  hold_out(data, settings);
  select_part(data, settings);
  check_data(data, init != nullptr && settings.fits_head());
  return data;
}

std::vector<std::size_t> count_labels(const std::vector<DataFile>& files,
                                      const train::LabelSpace& space) {
  std::vector<std::size_t> counts(space.size(), 0);
  for (const DataFile& file : files) {
    const auto own = count_labels(file.cloud, space);
    for (std::size_t l = 0; l < counts.size(); ++l) counts[l] += own[l];
  }
  return counts;
}

}  // namespace ptattn::tools
