#include "ptattn/models/model_description.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <unordered_map>

#include "ptattn/core/error.hpp"
#include "ptattn/models/model_config.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kMaxPoints = 16'384;  // bounds the memory of the first layers

ObjectProfile read_object_profile(const nlohmann::json& value, const std::string& subject) {
  JsonObject json(value, "preprocessing", subject);
  ObjectProfile profile;
  profile.points = json.integer("points", {1, kMaxPoints});
  profile.min_points = json.integer("min_points", {1, profile.points});
  profile.resampling = static_cast<Resampling>(json.choice("resample", {"fps_or_repeat"}));
  profile.centering = static_cast<Centering>(json.choice("center", {"centroid"}));
  profile.scaling = static_cast<Scaling>(json.choice("scale", {"unit_sphere"}));
  profile.up = static_cast<Axis>(json.choice("up", {"x", "y", "z"}));
  profile.vote_rotation_z_degrees = json.number("vote_rotation_z_degrees", {0.0, 180.0});
  json.finish();
  return profile;
}

/// Hues a golden angle apart, so that neighbours in the list differ most.
Rgb spread_color(std::size_t i) {
  const double hue = std::fmod(0.1 + 0.618033988749895 * static_cast<double>(i), 1.0) * 6.0;
  Rgb color{};
  for (std::size_t channel = 0; channel < 3; ++channel) {
    const double distance =
        std::abs(std::fmod(hue + 6.0 - 2.0 * static_cast<double>(channel), 6.0) - 3.0);
    color[channel] = static_cast<std::uint8_t>(60.0 + 180.0 * std::clamp(distance - 1.0, 0.0, 1.0));
  }
  return color;
}

bool is_byte(const nlohmann::json& value) {
  return value.is_number_unsigned() && value.get<std::size_t>() <= 255;
}

std::vector<Rgb> read_palette(JsonObject& json, std::size_t classes) {
  std::vector<Rgb> palette(classes);
  if (json.find("palette") == nullptr) {
    for (std::size_t i = 0; i < classes; ++i) palette[i] = spread_color(i);
    return palette;
  }
  const nlohmann::json& colors = json.array("palette", classes);
  if (colors.size() != classes) json.fail("palette", "does not have one colour per class");
  for (std::size_t i = 0; i < classes; ++i) {
    const nlohmann::json& color = colors[i];
    if (!color.is_array() || color.size() != 3 || !std::ranges::all_of(color, is_byte)) {
      json.fail("palette", "holds something that is not three numbers from 0 to 255");
    }
    for (std::size_t c = 0; c < 3; ++c) palette[i][c] = color[c].get<std::uint8_t>();
  }
  return palette;
}

std::vector<std::uint8_t> read_asprs_codes(JsonObject& json, std::size_t classes) {
  if (json.find("asprs_codes") == nullptr) return {};
  const nlohmann::json& codes = json.array("asprs_codes", classes);
  if (codes.size() != classes || !std::ranges::all_of(codes, is_byte)) {
    json.fail("asprs_codes", "is not one number from 0 to 255 for each class");
  }
  return codes.get<std::vector<std::uint8_t>>();
}

/// "chair" of "chair.leg"; empty for a class that is no part.
std::string category_of(const std::string& class_name) {
  const std::size_t dot = class_name.find('.');
  return dot == std::string::npos ? "" : class_name.substr(0, dot);
}

/// Categories that are not listed come in the order of their first parts.
void find_categories(SegmenterDescription& model, const JsonObject& json) {
  const bool listed = !model.categories.empty();
  std::unordered_map<std::string, std::size_t> indices;
  for (const std::string& category : model.categories) indices.emplace(category, indices.size());
  for (const std::string& name : model.classes) {
    const std::string category = category_of(name);
    if (category.empty()) {
      model.category_of_class.clear();
      if (!listed) model.categories.clear();
      return;
    }
    const auto [index, fresh] = indices.emplace(category, indices.size());
    if (fresh) {
      if (listed) json.fail("categories", "does not list \"" + category + "\" of \"" + name + "\"");
      model.categories.push_back(category);
    }
    model.category_of_class.push_back(index->second);
  }
}

/// Refuses an architecture that is known, but for another task.
void check_task(const ArchitectureConfig& config, ModelTask wanted) {
  const auto task = task_of(config.architecture);
  if (!task || *task == wanted) return;  // unknown ones are refused where networks are made
  throw Error(Fault::kModel, config.subject,
              wanted == ModelTask::kClassification
                  ? "is a model that labels points, expected one that classifies clouds"
                  : "is a model that classifies clouds, expected one that labels points");
}

std::string optional_text(JsonObject& json, const std::string& key) {
  return json.find(key) == nullptr ? "" : json.text(key);
}

/// A number for all classes, or one for each.
Temperature read_temperature(JsonObject& json, std::size_t classes) {
  constexpr Range<double> kRange{0.01, 100.0};
  const nlohmann::json* const value = json.find("temperature");
  if (value == nullptr) return {};
  if (!value->is_array()) return Temperature({json.number("temperature", kRange)});
  const auto is_in_range = [&](const nlohmann::json& t) {
    return t.is_number() && t.get<double>() >= kRange.min && t.get<double>() <= kRange.max;
  };
  if (value->size() != classes || !std::ranges::all_of(*value, is_in_range)) {
    json.fail("temperature", "is not one number from 0.01 to 100 for each class");
  }
  return Temperature(value->get<std::vector<double>>());
}

UprightEvidence read_upright(JsonObject& json, std::size_t classes) {
  const nlohmann::json& weights = json.array("classes", classes);
  if (weights.size() != classes ||
      !std::ranges::all_of(weights, [](const nlohmann::json& w) { return w.is_number(); })) {
    json.fail("classes", "is not one number for each class");
  }
  std::optional<double> usual;
  if (json.find("usual") != nullptr) usual = json.number("usual", {-1e9, 1e9});
  return {weights.get<std::vector<double>>(), json.number("strangeness", {-1e9, 1e9}), usual};
}

Reliability read_reliability(JsonObject& json, const std::vector<std::string>& classes,
                             const std::string& subject) {
  Reliability reliability;
  if (json.find("calibration") != nullptr) {
    JsonObject calibration(json.object("calibration"), "calibration", subject);
    reliability.temperature = read_temperature(calibration, classes.size());
    calibration.finish();
  }
  if (json.find("usual") != nullptr) {
    JsonObject usual(json.object("usual"), "usual", subject);
    if (usual.find("distance") != nullptr) {
      reliability.usual.distance = usual.number("distance", {0.0, 1e9});
    }
    if (usual.find("unsure_share") != nullptr) {
      reliability.usual.unsure_share = usual.number("unsure_share", {0.0, 1.0});
    }
    if (usual.find("energy") != nullptr) {
      reliability.usual.energy = usual.number("energy", {-1e9, 1e9});
    }
    if (usual.find("strangeness") != nullptr) {
      reliability.usual.strangeness = usual.number("strangeness", {-1e9, 1e9});
    }
    usual.finish();
  }
  if (json.find("upright") != nullptr) {
    JsonObject upright(json.object("upright"), "upright", subject);
    reliability.upright = read_upright(upright, classes.size());
    upright.finish();
  }
  if (json.find("unproven_classes") != nullptr) {
    for (const std::string& name : read_names(json, "unproven_classes")) {
      const auto found = std::ranges::find(classes, name);
      if (found == classes.end()) {
        json.fail("unproven_classes", "names \"" + name + "\", which is none of the classes");
      }
      reliability.unproven.push_back(static_cast<std::size_t>(found - classes.begin()));
    }
    std::ranges::sort(reliability.unproven);
  }
  return reliability;
}

/// Reads what all models say.
void read_shared(JsonObject& json, const std::string& subject, ModelTask task,
                 ModelDescription& model) {
  (void)json.integer("format", {1, 1});
  model.name = json.text("name");
  model.architecture = {json.text("architecture"), json.object("hyper_parameters").dump(), subject};
  check_task(model.architecture, task);
  model.classes = read_names(json, "classes");
  model.purpose = optional_text(json, "purpose");
  model.terms = optional_text(json, "terms");
  model.accuracy = optional_text(json, "accuracy");
  model.reliability = read_reliability(json, model.classes, subject);
}

}  // namespace

ModelTask read_model_task(const std::filesystem::path& folder) {
  const ModelConfig config = read_model_config(folder);
  JsonObject json(config.json.root(), "", config.subject);
  const auto task = task_of(json.text("architecture"));
  if (!task) json.fail("architecture", "is unknown to this version of ptattn");
  return *task;
}

ModelDescription read_model_description(const std::filesystem::path& folder) {
  if (read_model_task(folder) == ModelTask::kClassification) {
    return static_cast<ModelDescription>(read_classifier_description(folder));
  }
  return static_cast<ModelDescription>(read_segmenter_description(folder));
}

ClassifierDescription read_classifier_description(const std::filesystem::path& folder) {
  const ModelConfig config = read_model_config(folder);
  JsonObject json(config.json.root(), "", config.subject);
  ClassifierDescription model;
  read_shared(json, config.subject, ModelTask::kClassification, model);
  model.preprocessing = read_object_profile(json.object("preprocessing"), config.subject);
  json.finish();
  return model;
}

SegmenterDescription read_segmenter_description(const std::filesystem::path& folder) {
  const ModelConfig config = read_model_config(folder);
  JsonObject json(config.json.root(), "", config.subject);
  SegmenterDescription model;
  read_shared(json, config.subject, ModelTask::kPoints, model);
  model.preprocessing = read_scene_profile(json.object("preprocessing").dump(), config.subject);
  model.palette = read_palette(json, model.classes.size());
  if (json.find("categories") != nullptr) model.categories = read_names(json, "categories");
  find_categories(model, json);
  model.asprs_codes = read_asprs_codes(json, model.classes.size());
  json.finish();
  return model;
}

}  // namespace ptattn
