#include "ptattn/models/model_folder.hpp"

#include <set>
#include <utility>

#include "ptattn/core/error.hpp"
#include "ptattn/models/json_reader.hpp"
#include "ptattn/models/mapped_file.hpp"
#include "ptattn/models/safetensors.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kFormat = 1;
constexpr std::size_t kMaxClasses = 100'000;
constexpr std::size_t kMaxPoints = 16'384;  // bounds the memory of the first layers
constexpr std::size_t kMaxConfigBytes = 16U << 20U;

std::string read_text(const std::filesystem::path& path) {
  const MappedFile file(path);
  if (file.bytes().size() > kMaxConfigBytes) {
    throw Error(Fault::kModel, path.string(), "is larger than 16 MiB");
  }
  return std::string(file.bytes());
}

void check_format(JsonObject& json) {
  const std::size_t format = json.integer("format", {1, 1'000'000});
  if (format > kFormat) {
    json.fail("format", "is " + std::to_string(format) +
                            ", which a later version of ptattn reads, expected at most " +
                            std::to_string(kFormat));
  }
}

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

std::vector<std::string> read_classes(JsonObject& json) {
  std::vector<std::string> classes;
  std::set<std::string> seen;
  for (const nlohmann::json& item : json.array("classes", kMaxClasses)) {
    if (!item.is_string() || item.get<std::string>().empty()) {
      json.fail("classes", "is not made of names");
    }
    classes.push_back(item.get<std::string>());
    if (!seen.insert(classes.back()).second) {
      json.fail("classes", "names \"" + classes.back() + "\" twice");
    }
  }
  return classes;
}

}  // namespace

ModelDescription read_model_description(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "config.json";
  const std::string subject = path.string();
  const nlohmann::json parsed = parse_json(read_text(path), subject);
  JsonObject json(parsed, "", subject);
  check_format(json);
  ModelDescription model;
  model.name = json.text("name");
  model.architecture = {json.text("architecture"), json.object("hyper_parameters").dump(), subject};
  model.preprocessing = read_preprocessing(json.object("preprocessing"), subject);
  model.classes = read_classes(json);
  json.finish();
  return model;
}

ClassifierModel load_classifier(const std::filesystem::path& folder) {
  ModelDescription description = read_model_description(folder);
  const SafetensorsFile weights(folder / "model.safetensors");
  auto network = make_classifier(description.architecture, weights);
  if (network->class_count() != description.classes.size()) {
    throw Error(Fault::kModel, description.architecture.subject,
                "names " + std::to_string(description.classes.size()) +
                    " classes, the network has " + std::to_string(network->class_count()));
  }
  if (network->min_points() > description.preprocessing.points) {
    throw Error(Fault::kModel, description.architecture.subject,
                "preprocessing.points is " + std::to_string(description.preprocessing.points) +
                    ", the network takes at least " + std::to_string(network->min_points()));
  }
  return {std::move(description), std::move(network)};
}

}  // namespace ptattn
