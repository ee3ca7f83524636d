#include "negotiated_weights.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <nlohmann/json.hpp>
#include <numeric>
#include <regex>

#include "ptattn/core/error.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/models/registry.hpp"

namespace ptattn::fuzz {
namespace {

using nlohmann::json;
using Shape = std::vector<std::size_t>;

std::size_t items(const Shape& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::size_t{1}, std::multiplies<>());
}

void build(const ArchitectureConfig& config, const WeightSource& weights) {
  if (task_of(config.architecture) == ModelTask::kPoints) {
    (void)make_point_network(config, weights);
  } else {
    (void)make_classifier(config, weights);
  }
}

}  // namespace

NegotiatedWeights::NegotiatedWeights(std::string_view config) {
  const json parsed = json::parse(config);
  const ArchitectureConfig architecture{parsed.at("architecture"),
                                        parsed.at("hyper_parameters").dump(), "config"};
  for (;;) {
    try {
      build(architecture, *this);
      return;
    } catch (const Error& error) {
      if (satisfy(error.what())) continue;
      std::fprintf(stderr, "no weights fit: %s\n", error.what());
      std::abort();
    }
  }
}

bool NegotiatedWeights::satisfy(const std::string& problems) {
  bool changed = false;
  std::smatch missing;
  if (std::regex_search(problems, missing, std::regex("missing ([^;]*)"))) {
    const std::string list = missing[1];
    const std::regex name("[A-Za-z_0-9]+(\\.[A-Za-z_0-9]+)+");
    for (std::sregex_iterator item(list.begin(), list.end(), name), end; item != end; ++item) {
      changed = shapes_.emplace(item->str(), Shape{1}).second || changed;
    }
  }
  const std::regex misshapen("([^ ;]+) \\[[0-9, ]*\\] \\(expected (\\[[0-9, ]*\\])\\)");
  for (std::sregex_iterator item(problems.begin(), problems.end(), misshapen), end; item != end;
       ++item) {
    const Shape wanted = json::parse((*item)[2].str());
    Shape& shape = shapes_[(*item)[1]];
    changed = changed || shape != wanted;
    shape = wanted;
  }
  return changed;
}

std::vector<std::string> NegotiatedWeights::names() const {
  std::vector<std::string> names;
  for (const auto& [name, shape] : shapes_) names.push_back(name);
  return names;
}

const Shape* NegotiatedWeights::shape(std::string_view name) const {
  const auto found = shapes_.find(name);
  return found == shapes_.end() ? nullptr : &found->second;
}

std::vector<float> NegotiatedWeights::values(std::string_view name) const {
  Random random(fnv1a64(name));
  std::vector<float> values(items(*shape(name)));
  const bool variance = name.ends_with("running_var");
  for (float& value : values) {
    value = static_cast<float>(random.uniform()) * 0.5F + (variance ? 0.5F : -0.25F);
  }
  return values;
}

std::string NegotiatedWeights::file() const {
  json header = json::object();
  std::string data;
  for (const auto& [name, shape] : shapes_) {
    const std::vector<float> numbers = values(name);
    const std::size_t begin = data.size();
    data.append(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(float));
    header[name] = {{"dtype", "F32"}, {"shape", shape}, {"data_offsets", {begin, data.size()}}};
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const std::uint64_t length = text.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof(length)) + text + data;
}

}  // namespace ptattn::fuzz
