#include "ptattn/models/ptv1/config.hpp"

#include <algorithm>

#include "ptattn/models/files/json_reader.hpp"

namespace ptattn {
namespace {

// Wider layers than these exist in no point network.
constexpr std::size_t kMaxChannels = 2048;
constexpr std::size_t kMaxNeighbors = 256;
constexpr std::size_t kMaxStride = 64;
constexpr std::size_t kMaxClasses = 100'000;
constexpr std::size_t kMaxStages = 8;
constexpr std::size_t kMaxLayers = 64;

/// Empty when the key is absent.
std::vector<std::size_t> read_numbers(JsonObject& json, const std::string& key,
                                      Range<std::size_t> range) {
  if (json.find(key) == nullptr) return {};
  std::vector<std::size_t> numbers = json.integers(key, range, kMaxStages);
  if (numbers.empty()) json.fail(key, "is empty");
  return numbers;
}

/// `nsample` in the public code.
std::string neighbors_key(JsonObject& json) {
  if (json.find("nsample") == nullptr) return "neighbors";
  if (json.find("neighbors") != nullptr) json.fail("nsample", "repeats what neighbors says");
  return "nsample";
}

void read_stages(JsonObject& json, Ptv1Config& config) {
  const auto layers = read_numbers(json, "blocks", {1, kMaxLayers});
  const auto planes = read_numbers(json, "planes", {1, kMaxChannels});
  const auto neighbors = read_numbers(json, neighbors_key(json), {1, kMaxNeighbors});
  const auto strides = read_numbers(json, "stride", {1, kMaxStride});
  const std::size_t named =
      std::max({layers.size(), planes.size(), neighbors.size(), strides.size()});
  const std::size_t count = named > 0 ? named : config.stages.size();
  const std::size_t defaults = config.stages.size();
  config.stages.resize(count);
  const auto check = [&](const char* key, const std::vector<std::size_t>& values) {
    if (values.size() != count && !(values.empty() && count == defaults)) {
      json.fail(key, "does not have " + std::to_string(count) + " items, one per stage");
    }
  };
  check("blocks", layers);
  check("planes", planes);
  check("neighbors", neighbors);
  if (!strides.empty()) check("stride", strides);
  const auto thins = [](std::size_t s) { return s > 1; };
  if (!strides.empty() &&
      (strides.front() != 1 || !std::all_of(strides.begin() + 1, strides.end(), thins))) {
    json.fail("stride", "is not 1 and then numbers above 1");
  }
  for (std::size_t s = 0; s < count; ++s) {
    Ptv1Config::Stage& stage = config.stages[s];
    if (!layers.empty()) stage.blocks = layers[s] - 1;
    if (!planes.empty()) stage.channels = planes[s];
    if (!neighbors.empty()) stage.neighbors = neighbors[s];
    if (!strides.empty()) stage.stride = strides[s];
    if (stage.channels % config.shared_channels != 0) {
      json.fail("planes", "is not made of multiples of share_planes");
    }
  }
}

}  // namespace

Ptv1Config read_ptv1_config(const std::string& hyper_parameters, const std::string& subject) {
  const JsonTree parsed = parse_json(hyper_parameters, subject);
  JsonObject json(parsed.root(), "", subject);
  Ptv1Config config;
  config.in_channels = json.integer("in_channels", {1, kMaxChannels}, config.in_channels);
  config.num_classes = json.integer("num_classes", {1, kMaxClasses}, config.num_classes);
  config.norm_eps = json.number("norm_eps", {1e-12, 1.0}, config.norm_eps);
  config.shared_channels = json.integer("share_planes", {1, kMaxChannels}, config.shared_channels);
  read_stages(json, config);
  json.finish();
  return config;
}

}  // namespace ptattn
