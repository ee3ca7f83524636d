#include "ptattn/train/model_spec.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "ptattn/core/error.hpp"
#include "ptattn/core/json.hpp"
#include "ptattn/io/atomic_file.hpp"
#include "ptattn/io/whole_file.hpp"
#include "ptattn/models/familiar_features.hpp"
#include "ptattn/models/model_config.hpp"

namespace ptattn::train {
namespace {

using Json = nlohmann::ordered_json;

/// The value under `key`, or nothing of its kind.
template <class T>
T value_or_empty(const nlohmann::json& json, const char* key) {
  return json.contains(key) ? json.at(key).get<T>() : T{};
}

std::size_t width_of(const Parameter& parameter) {
  return parameter.shape.empty() ? 1 : parameter.size() / parameter.shape.front();
}

/// Copies the rows of classes that both models have; true when that is all of them.
bool take_head(Parameter& parameter, const ModelSpec& spec, const WeightSource& weights,
               const ModelSpec& from) {
  const std::vector<std::size_t>* const shape = weights.shape(parameter.name);
  const std::size_t width = width_of(parameter);
  if (shape == nullptr || shape->size() != parameter.shape.size() ||
      parameter.shape.front() != spec.classes.size() || shape->front() != from.classes.size()) {
    return false;
  }
  const std::vector<float> given = weights.values(parameter.name);
  if (given.size() != shape->front() * width) return false;
  bool all = true;
  for (std::size_t c = 0; c < spec.classes.size(); ++c) {
    const auto found = std::ranges::find(from.classes, spec.classes[c]);
    if (found == from.classes.end()) {
      all = false;
      continue;
    }
    const auto row = static_cast<std::size_t>(found - from.classes.begin());
    std::copy_n(given.begin() + static_cast<std::ptrdiff_t>(row * width), width,
                parameter.value.begin() + static_cast<std::ptrdiff_t>(c * width));
  }
  return all;
}

/// Copies the channels that both models have of a tensor whose last dimension is the channels.
bool take_channels(Parameter& parameter, const ModelSpec& spec, const WeightSource& weights,
                   const ModelSpec& from) {
  const std::vector<std::string> channels = spec.channels();
  const std::vector<std::string> given = from.channels();
  const std::vector<std::size_t>* const shape = weights.shape(parameter.name);
  if (channels.empty() || shape == nullptr || shape->size() != parameter.shape.size() ||
      shape->empty() || shape->back() != given.size() ||
      parameter.shape.back() != channels.size() ||
      !std::equal(shape->begin(), shape->end() - 1, parameter.shape.begin())) {
    return false;
  }
  const std::vector<float> values = weights.values(parameter.name);
  const std::size_t rows = parameter.size() / channels.size();
  for (std::size_t c = 0; c < channels.size(); ++c) {
    const auto found = std::ranges::find(given, channels[c]);
    const auto column = static_cast<std::size_t>(found - given.begin());
    for (std::size_t i = 0; i < rows; ++i) {
      parameter.value[i * channels.size() + c] =
          found == given.end() ? 0.0F : values[i * given.size() + column];
    }
  }
  return true;
}

Json config_of(const ModelSpec& spec) {
  Json json = Json::object();
  json["format"] = 1;
  json["name"] = spec.name;
  if (!spec.purpose.empty()) json["purpose"] = spec.purpose;
  if (!spec.terms.empty()) json["terms"] = spec.terms;
  if (!spec.accuracy.empty()) json["accuracy"] = spec.accuracy;
  json["architecture"] = spec.architecture;
  json["hyper_parameters"] = Json::parse(spec.hyper_parameters);
  json["preprocessing"] = Json::parse(spec.preprocessing);
  json["classes"] = spec.classes;
  if (!spec.palette.empty()) json["palette"] = spec.palette;
  if (!spec.categories.empty()) json["categories"] = spec.categories;
  if (!spec.asprs_codes.empty()) json["asprs_codes"] = spec.asprs_codes;
  return json;
}

}  // namespace

ArchitectureConfig ModelSpec::config() const {
  return {architecture, hyper_parameters, name};
}

std::vector<std::string> ModelSpec::channels() const {
  return value_or_empty<std::vector<std::string>>(nlohmann::json::parse(preprocessing), "features");
}

ModelSpec read_model_spec(const std::filesystem::path& folder) {
  const ModelConfig config = read_model_config(folder);
  const nlohmann::json& json = config.json.root();
  try {
    ModelSpec spec{.name = json.at("name"),
                   .architecture = json.at("architecture"),
                   .hyper_parameters = json.at("hyper_parameters").dump(),
                   .preprocessing = json.at("preprocessing").dump(),
                   .classes = value_or_empty<std::vector<std::string>>(json, "classes")};
    spec.palette = value_or_empty<std::vector<Rgb>>(json, "palette");
    spec.asprs_codes = value_or_empty<std::vector<std::uint8_t>>(json, "asprs_codes");
    spec.categories = value_or_empty<std::vector<std::string>>(json, "categories");
    spec.purpose = value_or_empty<std::string>(json, "purpose");
    spec.terms = value_or_empty<std::string>(json, "terms");
    spec.accuracy = value_or_empty<std::string>(json, "accuracy");
    return spec;
  } catch (const nlohmann::json::exception&) {
    throw Error(Fault::kModel, config.subject, "lacks what training needs to know of a network");
  }
}

ModelSpec with_classes(ModelSpec spec, std::vector<std::string> classes) {
  Json hyper_parameters = Json::parse(spec.hyper_parameters);
  hyper_parameters["num_classes"] = classes.size();
  spec.hyper_parameters = hyper_parameters.dump();
  std::vector<Rgb> palette;
  std::vector<std::uint8_t> codes;
  for (const std::string& name : classes) {
    const auto found = std::ranges::find(spec.classes, name);
    const auto old = static_cast<std::size_t>(found - spec.classes.begin());
    if (old < spec.palette.size()) palette.push_back(spec.palette[old]);
    if (old < spec.asprs_codes.size()) codes.push_back(spec.asprs_codes[old]);
  }
  spec.palette = palette.size() == classes.size() ? palette : std::vector<Rgb>{};
  spec.asprs_codes = codes.size() == classes.size() ? codes : std::vector<std::uint8_t>{};
  spec.classes = std::move(classes);
  return spec;
}

std::vector<std::string> take_weights(ParameterSet& set, const ModelSpec& spec,
                                      const WeightSource& weights, const ModelSpec& from) {
  std::vector<std::string> left = set.load(weights, false);
  const bool same_classes = spec.classes == from.classes;
  const bool same_channels = spec.channels() == from.channels();
  for (Parameter& parameter : set.parameters()) {
    bool taken = false;
    if (parameter.is_head && !same_classes) {
      taken = take_head(parameter, spec, weights, from);
      if (!taken && std::ranges::find(left, parameter.name) == left.end()) {
        left.push_back(parameter.name);
      }
    } else if (!same_channels) {
      taken = take_channels(parameter, spec, weights, from);
    }
    if (taken) std::erase(left, parameter.name);
  }
  return left;
}

void write_model_config(const std::filesystem::path& folder, const ModelSpec& spec) {
  io::AtomicFile file(folder / "config.json");
  file.append(config_of(spec).dump(2) + "\n");
  file.commit();
}

void write_model(const std::filesystem::path& folder, const ModelSpec& spec,
                 const ParameterSet& set, std::span<const float> values,
                 std::span<const float> buffers, WeightType type) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  std::filesystem::remove(folder / kFamiliarFile, failed);  // of what was there before
  set.save(folder / "model.safetensors", values, buffers, type);
  write_model_config(folder, spec);
}

void write_reliability(const std::filesystem::path& folder, const Reliability& reliability,
                       const std::vector<std::string>& classes) {
  const std::filesystem::path path = folder / "config.json";
  Json json = Json::parse(io::read_whole_file(path), nullptr, false);
  if (!json.is_object()) throw Error(Fault::kModel, path.string(), "cannot be read as JSON");
  json.erase("calibration");
  json.erase("unproven_classes");
  json.erase("usual");
  json.erase("upright");
  const std::span<const double> temperature = reliability.temperature.by_class();
  if (temperature.size() == 1) {
    object_at(json, "calibration")["temperature"] = temperature.front();
  } else if (!temperature.empty()) {
    object_at(json, "calibration")["temperature"] = temperature;
  }
  for (const std::size_t c : reliability.unproven) {
    array_at(json, "unproven_classes").push_back(classes.at(c));
  }
  const auto& [distance, unsure_share, energy, strangeness] = reliability.usual;
  if (distance) object_at(json, "usual")["distance"] = *distance;
  if (unsure_share) object_at(json, "usual")["unsure_share"] = *unsure_share;
  if (energy) object_at(json, "usual")["energy"] = *energy;
  if (strangeness) object_at(json, "usual")["strangeness"] = *strangeness;
  if (const UprightEvidence& upright = reliability.upright; !upright.empty()) {
    object_at(json, "upright")["classes"] = upright.classes();
    object_at(json, "upright")["strangeness"] = upright.strangeness();
    if (upright.usual()) object_at(json, "upright")["usual"] = *upright.usual();
  }
  io::AtomicFile file(path);
  file.append(json.dump(2) + "\n");
  file.commit();
}

}  // namespace ptattn::train
