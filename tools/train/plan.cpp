#include "plan.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include <nlohmann/json.hpp>

#include "network_choice.hpp"

namespace ptattn::tools {
namespace {

using Json = nlohmann::ordered_json;
using train::AttributeKind;
using train::SceneAugmentation;

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

class Planner {
 public:
  Planner(const TrainSettings& settings, TrainData& data,
          const std::optional<train::ModelSpec>& init)
      : settings_(settings), data_(data), aerial_(is_aerial(data)) {
    plan_.init = init;
  }

  TrainPlan make() {
    const std::optional<train::ModelSpec> init = plan_.init;
    plan_ = plan_for(choose_network(settings_, data_, init, reasons_), data_.kind);
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
      change.any_side_up = settings_.any_up.value_or(change.any_side_up);
      change.clutter = 0.3;  // scans of single objects come with what stands around them
    } else {
      plan_.objects.objects = settings_.objects_per_step.value_or(8);
      plan_.trainer.loss.category_of_class = categories_of(plan_.spec.classes);
      const double any_up = settings_.any_up.value_or(plan_.profile->any_side_up ? 1.0 : 0.15);
      choose_views(any_up);
      change = {.any_heading = 0.1,
                .any_side_up = any_up,
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

  /// A model that has seen objects on any side is asked from several.
  void choose_views(double any_up) {
    constexpr double kMostly = 0.5;
    constexpr std::size_t kVotes = 8;
    Json json = Json::parse(plan_.spec.preprocessing);
    json["up"] = any_up >= kMostly ? "any" : "z";
    json.erase("votes");
    if (any_up >= kMostly) {
      json["votes"] = kVotes;
      because("votes: " + std::to_string(kVotes) + " rotations, for objects on any side");
    }
    plan_.spec.preprocessing = json.dump();
    plan_.profile = read_scene_profile(plan_.spec.preprocessing, "the plan");
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

  /// Factor of the learning rate of Transformer blocks, as those who published them have it.
  [[nodiscard]] double block_rate() const {
    constexpr double kPublished = 0.1;
    const std::string& name = plan_.spec.architecture;
    if (name == "ptv3m1" || name == "litept") return settings_.block_rate.value_or(kPublished);
    if (!settings_.block_rate) return 1.0;
    throw Error(Fault::kUsage, "--block-rate", "is for ptv3 and litept, the network is " + name);
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
    trainer.block_rate = block_rate();
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

}  // namespace ptattn::tools
