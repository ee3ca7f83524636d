#include "ptattn/models/point_model.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "ptattn/core/error.hpp"
#include "ptattn/models/files/safetensors.hpp"
#include "ptattn/models/model_config.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/models/point_network_registry.hpp"

namespace ptattn {
namespace {

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
  if (colors.size() != classes) json.fail("palette", "does not have one colour a class");
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
void find_categories(PointModelDescription& model, const JsonObject& json) {
  const bool listed = !model.categories.empty();
  for (const std::string& name : model.classes) {
    const std::string category = category_of(name);
    if (category.empty()) {
      model.category_of_class.clear();
      if (!listed) model.categories.clear();
      return;
    }
    auto found = std::ranges::find(model.categories, category);
    if (found == model.categories.end()) {
      if (listed) json.fail("categories", "does not list \"" + category + "\" of \"" + name + "\"");
      found = model.categories.insert(found, category);
    }
    model.category_of_class.push_back(static_cast<std::size_t>(found - model.categories.begin()));
  }
}

}  // namespace

PointModelDescription read_point_model_description(const std::filesystem::path& folder) {
  const ModelConfig config = read_model_config(folder);
  JsonObject json(config.json, "", config.subject);
  (void)json.integer("format", {1, 1});
  PointModelDescription model;
  model.name = json.text("name");
  model.architecture = {json.text("architecture"), json.object("hyper_parameters").dump(),
                        config.subject};
  check_task(model.architecture, ModelTask::kPoints);
  model.preprocessing = read_scene_profile(json.object("preprocessing").dump(), config.subject);
  model.classes = read_names(json, "classes");
  model.palette = read_palette(json, model.classes.size());
  if (json.find("categories") != nullptr) model.categories = read_names(json, "categories");
  find_categories(model, json);
  model.asprs_codes = read_asprs_codes(json, model.classes.size());
  json.finish();
  return model;
}

PointModel load_point_model(const std::filesystem::path& folder) {
  PointModelDescription description = read_point_model_description(folder);
  const SafetensorsFile weights(folder / "model.safetensors");
  auto network = make_point_network(description.architecture, weights);
  const std::string& subject = description.architecture.subject;
  if (network->labels_points()) {
    check_class_count(description.classes.size(), network->out_channels(), subject);
  }
  const std::size_t categories = network->category_count();
  if (categories > 0 && description.categories.size() != categories) {
    throw Error(Fault::kModel, subject,
                "names " + std::to_string(description.categories.size()) +
                    " categories, the network has " + std::to_string(categories));
  }
  const std::size_t channels = description.preprocessing.channels.size();
  if (channels != network->in_channels()) {
    throw Error(Fault::kModel, subject,
                "preprocessing.features names " + std::to_string(channels) +
                    " channels, the network takes " + std::to_string(network->in_channels()));
  }
  return {std::move(description), std::move(network)};
}

}  // namespace ptattn
