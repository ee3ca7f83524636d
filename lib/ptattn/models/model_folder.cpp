#include "ptattn/models/model_folder.hpp"

#include <algorithm>
#include <utility>

#include "ptattn/core/error.hpp"
#include "ptattn/models/files/safetensors.hpp"
#include "ptattn/models/model_config.hpp"
#include "ptattn/models/point_network_registry.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kMaxPoints = 16'384;  // bounds the memory of the first layers

Preprocessing read_preprocessing(const nlohmann::json& value, const std::string& subject) {
  JsonObject json(value, "preprocessing", subject);
  Preprocessing profile;
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

}  // namespace

std::optional<ModelTask> task_of(std::string_view architecture) {
  const auto is_among = [&](const std::vector<std::string>& names) {
    return std::ranges::find(names, architecture) != names.end();
  };
  if (is_among(classifier_architectures())) return ModelTask::kClassification;
  if (is_among(point_network_architectures())) return ModelTask::kPoints;
  return std::nullopt;
}

ModelTask read_model_task(const std::filesystem::path& folder) {
  const ModelConfig config = read_model_config(folder);
  JsonObject json(config.json, "", config.subject);
  const auto task = task_of(json.text("architecture"));
  if (!task) json.fail("architecture", "is unknown to this version of ptattn");
  return *task;
}

void check_task(const ArchitectureConfig& config, ModelTask wanted) {
  const auto task = task_of(config.architecture);
  if (!task || *task == wanted) return;  // unknown ones are refused where networks are made
  throw Error(Fault::kModel, config.subject,
              wanted == ModelTask::kClassification
                  ? "is a model that labels points, expected one that classifies clouds"
                  : "is a model that classifies clouds, expected one that labels points");
}

ModelDescription read_model_description(const std::filesystem::path& folder) {
  const ModelConfig config = read_model_config(folder);
  JsonObject json(config.json, "", config.subject);
  (void)json.integer("format", {1, 1});
  ModelDescription model;
  model.name = json.text("name");
  model.architecture = {json.text("architecture"), json.object("hyper_parameters").dump(),
                        config.subject};
  check_task(model.architecture, ModelTask::kClassification);
  model.preprocessing = read_preprocessing(json.object("preprocessing"), config.subject);
  model.classes = read_names(json, "classes");
  json.finish();
  return model;
}

ClassifierModel load_classifier(const std::filesystem::path& folder, Precision precision) {
  ModelDescription description = read_model_description(folder);
  const SafetensorsFile weights(folder / "model.safetensors");
  auto network = make_classifier(description.architecture, weights, precision);
  const std::string& subject = description.architecture.subject;
  check_class_count(description.classes.size(), network->class_count(), subject);
  if (network->min_points() > description.preprocessing.points) {
    throw Error(Fault::kModel, subject,
                "preprocessing.points is " + std::to_string(description.preprocessing.points) +
                    ", the network takes at least " + std::to_string(network->min_points()));
  }
  return {std::move(description), precision, std::move(network)};
}

}  // namespace ptattn
