#include "plan.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include <nlohmann/json.hpp>

#include "../text.hpp"
#include "network_sizes.hpp"
#include "profiles.hpp"
#include "ptattn/core/error.hpp"
#include "volt_sizes.hpp"

namespace ptattn::tools {
namespace {

using Json = nlohmann::ordered_json;
using train::AttributeKind;
using train::SceneAugmentation;

constexpr double kAerialExtent = 40.0;  // metres; smaller scenes are rooms and objects
constexpr double kFlat = 0.7;           // height over extent of what is seen from above

/// The category of each class called CATEGORY.PART; empty where one is called otherwise.
std::vector<std::uint32_t> categories_of(const std::vector<std::string>& classes) {
  std::vector<std::string> names;
  std::vector<std::uint32_t> result;
  for (const std::string& name : classes) {
    const std::size_t dot = name.find('.');
    if (dot == std::string::npos) return {};
    auto found = std::ranges::find(names, name.substr(0, dot));
    if (found == names.end()) found = names.insert(found, name.substr(0, dot));
    result.push_back(static_cast<std::uint32_t>(found - names.begin()));
  }
  return result;
}

/// True when most of the scenes look like land seen from above, in metres.
bool is_aerial(const TrainData& data) {
  const auto aerial = std::ranges::count_if(data.training, [](const DataFile& file) {
    return file.extent >= kAerialExtent && file.height <= kFlat * file.extent;
  });
  return 2 * static_cast<std::size_t>(aerial) > data.training.size();
}

std::size_t files_with(const TrainData& data, AttributeKind kind) {
  return static_cast<std::size_t>(
      std::ranges::count_if(data.training, [&](const DataFile& f) { return f.cloud.has(kind); }));
}

double median_spacing(const TrainData& data) {
  std::vector<double> spacings;
  for (const DataFile& file : data.training) spacings.push_back(file.spacing);
  std::ranges::sort(spacings);
  return spacings[spacings.size() / 2];
}

/// The nearest of 1, 2, 5 and their tenths, hundreds, ... in proportion.
double round_number(double value) {
  const double power = std::pow(10.0, std::floor(std::log10(value)));
  double best = power;
  for (const double step : {1.0, 2.0, 5.0, 10.0}) {
    const auto off = [&](double x) { return std::abs(std::log(x / value)); };
    if (off(step * power) < off(best)) best = step * power;
  }
  return best;
}

class Planner {
 public:
  Planner(const TrainSettings& settings, TrainData& data,
          const std::optional<train::ModelSpec>& init)
      : settings_(settings), data_(data), aerial_(is_aerial(data)) {
    plan_.init = init;
  }

  TrainPlan make() {
    const std::optional<train::ModelSpec> init = plan_.init;
    plan_ = plan_for(init ? spec_of_init() : spec_from_data(), data_.kind);
    plan_.init = init;
    if (data_.kind == TrainKind::kScenes) {
      say_fields();
      choose_stream();
      drop_unused();
    } else {
      choose_objects();
    }
    choose_training();
    plan_.reasons = std::move(reasons_);
    return std::move(plan_);
  }

 private:
  void because(const std::string& reason) { reasons_.push_back(reason); }

  train::ModelSpec spec_of_init() {
    if (settings_.voxel || !settings_.channels.empty() || !settings_.architecture.empty()) {
      throw Error(Fault::kUsage,
                  settings_.voxel              ? "--voxel"
                  : settings_.channels.empty() ? "--architecture"
                                               : "--channels",
                  "does not go with --init, whose network expects its own");
    }
    train::ModelSpec spec = train::with_classes(*plan_.init, data_.truth.space.classes);
    if (!data_.truth.asprs_codes.empty()) spec.asprs_codes = data_.truth.asprs_codes;
    because("network, voxels and channels: those of " + plan_.init->name);
    return spec;
  }

  train::ModelSpec spec_from_data() {
    train::ModelSpec spec;
    spec.classes = data_.truth.space.classes;
    spec.asprs_codes = data_.truth.asprs_codes;
    if (data_.kind == TrainKind::kObjects) {
      if (!settings_.architecture.empty() && settings_.architecture != "pct") {
        throw Error(Fault::kUsage, "--architecture",
                    settings_.architecture + " labels points, this data has objects by class");
      }
      spec.architecture = "pct_cls";
      spec.hyper_parameters = pct_hyper_parameters(settings_.size, spec.classes.size());
      spec.preprocessing = object_preprocessing().dump();
      because("network: PCT, of the published width with --size base, narrower otherwise");
      return spec;
    }
    constexpr double kPartVoxel = 0.03;  // radii
    Json profile = data_.kind == TrainKind::kScenes
                       ? preprocessing()
                       : part_preprocessing(settings_.voxel.value_or(kPartVoxel));
    const std::size_t channels = profile["features"].size();
    choose_network(spec, channels);
    spec.preprocessing = profile.dump();
    return spec;
  }

  void choose_network(train::ModelSpec& spec, std::size_t channels) {
    struct Network {
      const char* architecture;  // of config.json
      const char* title;
      std::string (*hyper_parameters)(const std::string&, std::size_t, std::size_t);
    };
    static const std::map<std::string, Network> kNetworks{
        {"ptv3", {"ptv3m1", "Point Transformer V3", ptv3_hyper_parameters}},
        {"litept", {"litept", "LitePT", litept_hyper_parameters}},
        {"volt", {"volt", "Volt", volt_hyper_parameters}}};
    const std::string name = settings_.architecture.empty() ? "ptv3" : settings_.architecture;
    const auto found = kNetworks.find(name);
    if (found == kNetworks.end()) {
      throw Error(Fault::kUsage, "--architecture", name + " names objects, this data has points");
    }
    spec.architecture = found->second.architecture;
    spec.hyper_parameters =
        found->second.hyper_parameters(settings_.size, spec.classes.size(), channels);
    because(std::string("network: ") + found->second.title + ", " + settings_.size);
  }

  double choose_voxel() {
    const double spacing = median_spacing(data_);
    double voxel = round_number(2.0 * spacing);
    std::string why = "voxels of " + fixed_text(voxel, 3) + ": twice the usual spacing of " +
                      fixed_text(spacing, 3);
    if (aerial_) {
      voxel = spacing < 0.12 ? 0.25 : 0.5;
      why = "voxels of " + fixed_text(voxel, 2) +
            " m: land seen from above, the usual spacing is " + fixed_text(spacing, 2) + " m";
    }
    if (settings_.voxel) {
      voxel = *settings_.voxel;
      why = "voxels of " + fixed_text(voxel, 3) + ": --voxel";
    }
    because(why);
    return voxel;
  }

  Json preprocessing() {
    Json json;
    json["kind"] = "scene";
    json["unit"] = "metre";
    json["up"] = "z";
    const double voxel = choose_voxel();
    json["voxel"] = voxel;
    json["features"] = settings_.channels.empty() ? choose_channels() : settings_.channels;
    json["squash"] = voxel / 2.0;
    return json;
  }

  std::vector<std::string> choose_channels() {
    std::vector<std::string> names{"offset_x", "offset_y", "offset_z", "count", "spread"};
    const auto add = [&names](std::initializer_list<const char*> more) {
      names.insert(names.end(), more.begin(), more.end());
    };
    if (aerial_) {
      add({"above_5", "above_17", "above_41", "above_97", "above_201", "below_17", "under_top"});
    } else {
      add({"above_17", "above_97", "under_top"});
    }
    add({"thickness_1", "scatter_1", "vertical_1", "crowd_1", "thickness_2", "scatter_2",
         "vertical_2", "crowd_2"});
    if (aerial_) add({"plane_3", "plane_4", "plane_5"});
    if (files_with(data_, AttributeKind::kIntensity) > 0) add({"intensity", "has_intensity"});
    if (files_with(data_, AttributeKind::kReturns) > 0) add({"last", "multiple", "has_returns"});
    const std::size_t all = data_.training.size();
    if (files_with(data_, AttributeKind::kColor) == all) add({"red", "green", "blue"});
    if (files_with(data_, AttributeKind::kNormal) == all) add({"normal_x", "normal_y", "normal_z"});
    because(std::to_string(names.size()) + " channels: shape, surroundings" +
            (aerial_ ? ", heights above the ground" : "") + " and the fields below");
    return names;
  }

  void say_field(AttributeKind kind, const char* name, bool used) {
    const std::size_t with = files_with(data_, kind);
    const std::size_t all = data_.training.size();
    if (with == 0 && !used) return;
    std::string text = std::string(name) + ": in " + std::to_string(with) + " of " +
                       std::to_string(all) + " files, " + (used ? "used" : "not used");
    if (used && with < all) text += "; the network learns to do without as well";
    because(text);
  }

  void say_fields() {
    const SceneProfile& p = *plan_.profile;
    say_field(AttributeKind::kIntensity, "intensity", p.uses(ChannelKind::kIntensity));
    say_field(AttributeKind::kReturns, "returns", p.uses(ChannelKind::kLast));
    say_field(AttributeKind::kColor, "colours", p.uses(ChannelKind::kColor));
    say_field(AttributeKind::kNormal, "normals", p.uses(ChannelKind::kNormal));
  }

  void choose_stream() {
    train::SceneStreamOptions& stream = plan_.stream;
    stream.seed = settings_.seed;
    stream.voxels = settings_.voxels_per_step;
    stream.mix = settings_.mix;
    std::string kind = settings_.augment;
    if (kind == "auto") kind = aerial_ ? "aerial" : "scene";
    stream.augmentation = kind == "aerial"  ? SceneAugmentation::kAerial
                          : kind == "scene" ? SceneAugmentation::kScene
                                            : SceneAugmentation::kNone;
    const std::map<std::string, std::string> words{
        {"aerial", "turns, other densities, relief, stray points, lost fields: surveys differ"},
        {"scene", "turns, other densities, stretch, noise, lost fields"},
        {"none", "none"}};
    because("augmentation: " + words.at(kind));
    auto& space = data_.truth.space;
    const bool ground = std::ranges::find(space.classes, "ground") != space.classes.end();
    if (ground && kind == "aerial") stream.stray = space.find_or_add("not_ground", "the plan");
  }

  void choose_objects() {
    plan_.objects.seed = settings_.seed;
    plan_.objects.augment = settings_.augment != "none";
    train::ObjectChange& change = plan_.objects.change;
    if (data_.kind == TrainKind::kObjects) {
      plan_.objects.objects = settings_.objects_per_step.value_or(32);
      if (settings_.any_up) change.any_side_up = 1.0;
    } else {
      plan_.objects.objects = settings_.objects_per_step.value_or(8);
      plan_.trainer.loss.category_of_class = categories_of(plan_.spec.classes);
      change = {.any_heading = 0.1,
                .any_side_up = settings_.any_up ? 1.0 : 0.15,
                .tilt = 0.35,
                .mirror = false,
                .stretch = 1.4,
                .bend = 0.08,
                .noise = 0.008,
                .thinned = 0.5,
                .one_sided = 0.1,
                .clutter = 0.1};
    }
    because(plan_.objects.augment
                ? "augmentation: stretch, turns, bends, noise, fewer points, one-sided views, "
                  "clutter"
                : "augmentation: none");
  }

  /// Crops show rare classes more often already; their weights even out the rest.
  void choose_weights() {
    auto counts = count_labels(data_.training, data_.truth.space);
    counts.resize(data_.truth.space.classes.size());
    double logarithms = 0.0;
    double present = 0.0;
    for (const std::size_t count : counts) {
      if (count == 0) continue;
      logarithms += std::log(static_cast<double>(count));
      present += 1.0;
    }
    const double middle = std::exp(logarithms / present);
    for (const std::size_t count : counts) {
      const double rarity = middle / static_cast<double>(std::max<std::size_t>(count, 1));
      plan_.trainer.loss.class_weights.push_back(
          std::clamp(std::pow(rarity, settings_.balance), 0.7, 1.5));
    }
  }

  void choose_training() {
    train::TrainerOptions& trainer = plan_.trainer;
    trainer.seed = settings_.seed;
    trainer.steps = settings_.steps;
    trainer.minutes = settings_.minutes;
    trainer.accumulate = settings_.accumulate;
    trainer.average = settings_.average;
    trainer.freeze_norms = settings_.freeze_norms;
    trainer.layer_rate = settings_.layer_rate;
    trainer.head_only = settings_.freeze_encoder;
    if (settings_.weights == "float32") plan_.weights = train::WeightType::kFloat32;
    trainer.schedule.learning_rate =
        settings_.learning_rate.value_or(settings_.freeze_encoder ? 1e-2
                                         : plan_.init             ? 1.5e-3
                                                                  : 3e-3);
    if (data_.kind == TrainKind::kObjects) {
      trainer.loss.lovasz = 0.0;
      trainer.loss.label_smoothing = 0.1;
    } else {
      choose_weights();
    }
  }

  /// Attributes that no channel is made of take memory.
  void drop_unused() {
    const SceneProfile& p = *plan_.profile;
    for (auto* files : {&data_.training, &data_.held_out}) {
      for (DataFile& file : *files) {
        if (!p.uses(ChannelKind::kIntensity)) file.cloud.drop(AttributeKind::kIntensity);
        if (!p.uses(ChannelKind::kLast) && !p.uses(ChannelKind::kMultiple)) {
          file.cloud.drop(AttributeKind::kReturns);
        }
        if (!p.uses(ChannelKind::kColor)) file.cloud.drop(AttributeKind::kColor);
        if (!p.uses(ChannelKind::kNormal)) file.cloud.drop(AttributeKind::kNormal);
      }
    }
  }

  const TrainSettings& settings_;
  TrainData& data_;
  bool aerial_;
  std::vector<std::string> reasons_;
  TrainPlan plan_;
};

std::string count_text(std::size_t count) {
  std::string text = std::to_string(count);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, 1, ' ');
  return text;
}

void add_files(std::string& text, const char* what, const std::vector<DataFile>& files) {
  std::size_t points = 0;
  for (const DataFile& file : files) points += file.cloud.size();
  text += std::string(what) + ": " + std::to_string(files.size()) + " clouds, " +
          count_text(points) + " points\n";
}

/// A line per label: its points in each part, and its weight. Where the head alone is fitted, the
/// classes of the model need no points.
void add_classes(std::string& text, const TrainPlan& plan, const TrainData& data, bool fits_head) {
  const auto training = count_labels(data.training, data.truth.space);
  const auto selection = count_labels(data.selection, data.truth.space);
  const auto held_out = count_labels(data.held_out, data.truth.space);
  std::size_t width = 5;
  for (std::size_t l = 0; l < data.truth.space.size(); ++l) {
    width = std::max(width, data.truth.space.name(l).size());
  }
  text +=
      (data.field.empty() ? std::string("classes by folder") : "labels of \"" + data.field + "\"") +
      ", points:\n  " + left_aligned("", width) + "    training   selection    held out" +
      (fits_head ? "\n" : "  weight\n");
  for (std::size_t l = 0; l < data.truth.space.size(); ++l) {
    text += "  " + left_aligned(data.truth.space.name(l), width) +
            right_aligned(count_text(training[l]), 12) +
            right_aligned(count_text(selection[l]), 12) +
            right_aligned(count_text(held_out[l]), 12);
    if (l < plan.trainer.loss.class_weights.size() && !fits_head) {
      text += right_aligned(fixed_text(plan.trainer.loss.class_weights[l], 2), 8);
      if (training[l] == 0) text += "  no point to learn it from";
    }
    text += "\n";
  }
}

}  // namespace

TrainPlan plan_for(train::ModelSpec spec, TrainKind kind) {
  TrainPlan plan;
  plan.spec = std::move(spec);
  if (kind != TrainKind::kObjects) {
    plan.profile = read_scene_profile(plan.spec.preprocessing, "the plan");
    return plan;
  }
  const Json json = Json::parse(plan.spec.preprocessing);
  ObjectProfile sample;
  sample.points = json.value("points", sample.points);
  sample.min_points = json.value("min_points", sample.min_points);
  plan.sample = sample;
  return plan;
}

TrainPlan make_plan(const TrainSettings& settings, TrainData& data,
                    const std::optional<train::ModelSpec>& init) {
  return Planner(settings, data, init).make();
}

std::string plan_text(const TrainPlan& plan, const TrainData& data, const TrainSettings& settings) {
  std::string text;
  add_files(text, "training", data.training);
  if (!data.selection.empty()) add_files(text, "selection", data.selection);
  add_files(text, "held out", data.held_out);
  for (const std::string& note : data.notes) text += "  " + note + "\n";
  add_classes(text, plan, data, settings.fits_head());
  if (settings.fits_head()) {
    return text + "the head of " + plan.init->name + " alone is fitted: " + settings.head +
           ", seed " + std::to_string(settings.seed) + "\n";
  }
  for (const std::string& reason : plan.reasons) text += reason + "\n";
  text += "length: " +
          (plan.trainer.steps ? std::to_string(*plan.trainer.steps) + " steps"
                              : fixed_text(plan.trainer.minutes, 0) + " minutes") +
          " of " +
          (data.kind == TrainKind::kScenes
               ? count_text(plan.stream.voxels * plan.trainer.accumulate) + " voxels"
               : count_text(plan.objects.objects * plan.trainer.accumulate) + " objects") +
          " per step, learning rate " + fixed_text(plan.trainer.schedule.learning_rate, 4) +
          ", seed " + std::to_string(settings.seed) + "\n";
  return text;
}

}  // namespace ptattn::tools
