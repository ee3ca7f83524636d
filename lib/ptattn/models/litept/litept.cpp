#include "ptattn/models/litept/litept.hpp"

#include <utility>
#include <vector>

#include "ptattn/models/ptv3/config_reader.hpp"

namespace ptattn {
namespace {

constexpr Range<double> kBases{1e-3, 1e9};

/// LitePT-S: three stages that convolve, two that attend, a decoder without blocks.
Ptv3Config small_network() {
  Ptv3Config config;
  config.mode = Ptv3Mode::kLitept;
  config.encoder = {{2, 36, 2, 1024, true, false},
                    {2, 72, 4, 1024, true, false},
                    {2, 144, 8, 1024, true, false},
                    {6, 252, 14, 1024, false, true},
                    {2, 504, 28, 1024, false, true}};
  config.decoder = {{0, 72, 4, 1024, false, false},
                    {0, 72, 4, 1024, false, false},
                    {0, 144, 8, 1024, false, false},
                    {0, 252, 14, 1024, false, false}};
  return config;
}

const nlohmann::json& items_of(JsonObject& json, const std::string& key, std::size_t count) {
  const nlohmann::json& items = json.array(key, count);
  if (items.size() != count) {
    json.fail(key, "does not have " + std::to_string(count) + " items");
  }
  return items;
}

void read_switches(JsonObject& json, const std::string& key, bool Ptv3Config::Stage::*member,
                   std::vector<Ptv3Config::Stage>& stages) {
  if (json.find(key) == nullptr) return;
  const nlohmann::json& items = items_of(json, key, stages.size());
  for (std::size_t s = 0; s < stages.size(); ++s) {
    if (!items[s].is_boolean()) json.fail(key, "is not made of true and false");
    stages[s].*member = items[s].get<bool>();
  }
}

void read_bases(JsonObject& json, const std::string& key, std::vector<Ptv3Config::Stage>& stages) {
  if (json.find(key) == nullptr) return;
  const nlohmann::json& items = items_of(json, key, stages.size());
  for (std::size_t s = 0; s < stages.size(); ++s) {
    const double base = items[s].is_number() ? items[s].get<double>() : 0.0;
    if (!(base >= kBases.min && base <= kBases.max)) {
      json.fail(key, "is not made of numbers from 0.001 to 1e9");
    }
    stages[s].rope_base = base;
  }
}

void read_stage_switches(JsonObject& json, const std::string& prefix,
                         std::vector<Ptv3Config::Stage>& stages) {
  read_switches(json, prefix + "_conv", &Ptv3Config::Stage::convolution, stages);
  read_switches(json, prefix + "_attn", &Ptv3Config::Stage::attention, stages);
  read_bases(json, prefix + "_rope_freq", stages);
}

}  // namespace

Ptv3Config read_litept_config(const std::string& hyper_parameters, const std::string& subject) {
  return read_config_of_stages(hyper_parameters, subject, small_network(),
                               [](JsonObject& json, Ptv3Config& config) {
                                 read_stage_switches(json, "enc", config.encoder);
                                 read_stage_switches(json, "dec", config.decoder);
                               });
}

}  // namespace ptattn
