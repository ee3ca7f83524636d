#include "ptattn/models/pct/config.hpp"

#include "ptattn/models/files/json_reader.hpp"

namespace ptattn {
namespace {

// The attention of so many points needs 64 MiB; wider layers than these exist in no point network.
constexpr std::size_t kMaxPoints = 4096;
constexpr std::size_t kMaxNeighbors = 256;
constexpr std::size_t kMaxChannels = 2048;
constexpr std::size_t kMaxLayers = 32;
constexpr std::size_t kMaxClasses = 100'000;

constexpr Range<std::size_t> kPoints{1, kMaxPoints};
constexpr Range<std::size_t> kChannels{1, kMaxChannels};

void read_groups(JsonObject& json, PctConfig& config, const std::string& subject) {
  if (json.find("groups") == nullptr) return;
  const nlohmann::json& groups = json.array("groups", config.groups.size());
  if (groups.size() != config.groups.size()) json.fail("groups", "does not have 2 items");
  for (std::size_t i = 0; i < config.groups.size(); ++i) {
    JsonObject item(groups[i], "groups[" + std::to_string(i) + "]", subject);
    PctConfig::Group& group = config.groups[i];
    group.points = item.integer("points", kPoints);
    group.neighbors = item.integer("neighbors", {1, kMaxNeighbors});
    group.channels = item.integer("channels", kChannels);
    item.finish();
  }
  const auto& [first, second] = config.groups;
  if (first.neighbors > first.points) {
    json.fail("groups[0].neighbors", "is larger than the number of points");
  }
  if (second.points > first.points || second.neighbors > first.points) {
    json.fail("groups[1]", "asks for more points or neighbors than groups[0] has points");
  }
}

void read_head(JsonObject& json, PctConfig& config) {
  if (json.find("head_channels") == nullptr) return;
  const nlohmann::json& widths = json.array("head_channels", config.head_channels.size());
  if (widths.size() != config.head_channels.size()) {
    json.fail("head_channels", "does not have 2 items");
  }
  for (std::size_t i = 0; i < config.head_channels.size(); ++i) {
    if (!widths[i].is_number_unsigned() || widths[i].get<std::size_t>() < 1 ||
        widths[i].get<std::size_t>() > kMaxChannels) {
      json.fail("head_channels",
                "is not made of whole numbers between 1 and " + std::to_string(kMaxChannels));
    }
    config.head_channels[i] = widths[i].get<std::size_t>();
  }
}

}  // namespace

PctConfig read_pct_config(const std::string& hyper_parameters, bool position_encoding,
                          const std::string& subject) {
  const JsonTree parsed = parse_json(hyper_parameters, subject);
  JsonObject json(parsed.root(), "", subject);
  PctConfig config;
  config.position_encoding = position_encoding;
  config.num_classes = json.integer("num_classes", {1, kMaxClasses}, config.num_classes);
  config.norm_eps = json.number("norm_eps", {1e-12, 1.0}, config.norm_eps);
  config.embed_channels = json.integer("embed_channels", kChannels, config.embed_channels);
  read_groups(json, config, subject);
  config.attention_layers =
      json.integer("attention_layers", {1, kMaxLayers}, config.attention_layers);
  config.qk_channels = json.integer("qk_channels", kChannels, config.qk_channels);
  config.fuse_channels = json.integer("fuse_channels", kChannels, config.fuse_channels);
  read_head(json, config);
  json.finish();
  return config;
}

}  // namespace ptattn
