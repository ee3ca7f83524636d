#include "ptattn/models/scene_profile.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <span>
#include <string_view>

#include "ptattn/models/files/json_reader.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kMaxChannels = 256;
constexpr std::size_t kMaxWindow = 4095;  // columns
constexpr std::size_t kMaxLevel = 8;

/// A channel whose name is complete.
struct NamedChannel {
  std::string_view name;
  Channel channel;
};

constexpr NamedChannel kNamedChannels[] = {
    {"x", {ChannelKind::kPosition, 0}},
    {"y", {ChannelKind::kPosition, 1}},
    {"z", {ChannelKind::kPosition, 2}},
    {"offset_x", {ChannelKind::kOffset, 0}},
    {"offset_y", {ChannelKind::kOffset, 1}},
    {"offset_z", {ChannelKind::kOffset, 2}},
    {"red", {ChannelKind::kColor, 0}},
    {"green", {ChannelKind::kColor, 1}},
    {"blue", {ChannelKind::kColor, 2}},
    {"normal_x", {ChannelKind::kNormal, 0}},
    {"normal_y", {ChannelKind::kNormal, 1}},
    {"normal_z", {ChannelKind::kNormal, 2}},
    {"count", {ChannelKind::kCount}},
    {"spread", {ChannelKind::kSpread}},
    {"intensity", {ChannelKind::kIntensity}},
    {"last", {ChannelKind::kLast}},
    {"multiple", {ChannelKind::kMultiple}},
    {"has_intensity", {ChannelKind::kHasIntensity}},
    {"has_returns", {ChannelKind::kHasReturns}},
    {"strength", {ChannelKind::kStrength, 0}},
    {"strength_tanh", {ChannelKind::kStrength, 1}},
};

/// Channels whose name ends in a number between `min` and `max`.
struct NumberedChannel {
  std::string_view prefix;
  std::size_t min;
  std::size_t max;
  ChannelKind kind;
  bool odd;
};

constexpr NumberedChannel kNumberedChannels[] = {
    {"above_", 1, kMaxWindow, ChannelKind::kAbove, true},
    {"below_", 1, kMaxWindow, ChannelKind::kBelow, true},
    {"plane_", 0, kMaxLevel, ChannelKind::kPlane, false},
    {"under_top_", 1, kMaxWindow, ChannelKind::kUnderTop, true},
    {"thickness_", 0, kMaxLevel, ChannelKind::kThickness, false},
    {"scatter_", 0, kMaxLevel, ChannelKind::kScatter, false},
    {"vertical_", 0, kMaxLevel, ChannelKind::kVertical, false},
    {"crowd_", 0, kMaxLevel, ChannelKind::kVoxelCount, false},
};

std::optional<Channel> parse_channel(std::string_view name) {
  for (const NamedChannel& known : kNamedChannels) {
    if (known.name == name) return known.channel;
  }
  for (const NumberedChannel& known : kNumberedChannels) {
    if (!name.starts_with(known.prefix)) continue;
    const std::string_view digits = name.substr(known.prefix.size());
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), number);
    if (error != std::errc() || end != digits.end() || number < known.min || number > known.max ||
        (known.odd && number % 2 == 0)) {
      return std::nullopt;
    }
    return Channel{known.kind, number};
  }
  return std::nullopt;
}

std::vector<Channel> read_channels(JsonObject& json, std::size_t top_window) {
  std::vector<Channel> channels;
  for (const nlohmann::json& item : json.array("features", kMaxChannels)) {
    if (!item.is_string()) json.fail("features", "is not made of names");
    const auto name = item.get<std::string>();
    const auto channel =
        name == "under_top" ? Channel{ChannelKind::kUnderTop, top_window} : parse_channel(name);
    if (!channel) json.fail("features", "names \"" + name + "\", which is not a channel");
    channels.push_back(*channel);
  }
  if (channels.empty()) json.fail("features", "is empty");
  return channels;
}

std::span<const nlohmann::json> items_of(JsonObject& json, const std::string& key) {
  return json.array(key, kMaxChannels).get_ref<const nlohmann::json::array_t&>();
}

/// Numbers that the configuration says twice: they must be those of the channels of this kind.
void check_repeated(JsonObject& json, const std::string& key,
                    std::span<const nlohmann::json> numbers, const std::vector<Channel>& channels,
                    ChannelKind kind) {
  std::set<std::size_t> said;
  for (const nlohmann::json& number : numbers) {
    if (!number.is_number_unsigned()) json.fail(key, "is not made of counts");
    said.insert(number.get<std::size_t>());
  }
  std::set<std::size_t> used;
  for (const Channel& channel : channels) {
    if (channel.kind == kind) used.insert(channel.parameter);
  }
  if (said != used) json.fail(key, "does not fit the names of the channels");
}

std::array<double, 2> read_color_range(JsonObject& json) {
  if (json.find("color_range") == nullptr) return {0.0, 1.0};
  const nlohmann::json& range = json.array("color_range", 2);
  if (range.size() != 2 || !range[0].is_number() || !range[1].is_number() ||
      !(range[0].get<double>() < range[1].get<double>())) {
    json.fail("color_range", "is not two ascending numbers");
  }
  return {range[0].get<double>(), range[1].get<double>()};
}

}  // namespace

bool SceneProfile::uses(ChannelKind kind) const {
  return std::ranges::any_of(channels, [&](const Channel& c) { return c.kind == kind; });
}

SceneProfile read_scene_profile(const std::string& text, const std::string& subject) {
  const JsonTree parsed = parse_json(text, subject);
  JsonObject json(parsed.root(), "preprocessing", subject);
  SceneProfile profile;
  profile.frame = static_cast<Frame>(json.choice("kind", {"scene", "object"}));
  (void)json.choice("unit", {profile.frame == Frame::kScene ? "metre" : "radius"});
  const bool object = profile.frame == Frame::kObject;
  profile.any_side_up = (object ? json.choice("up", {"z", "any"}) : json.choice("up", {"z"})) == 1;
  profile.votes = json.integer("votes", {1, object ? kMaxObjectVotes : kMaxSceneVotes}, 1);
  profile.voxel = json.number("voxel", {1e-4, 1e3});
  if (json.find("origin") != nullptr) {
    profile.origin =
        static_cast<Origin>(json.choice("origin", {"minimum", "center_bottom", "sensor"}));
  }
  profile.channels = read_channels(json, json.integer("top_window", {1, kMaxWindow}, 3));
  profile.height_scale = json.number("squash", {1e-3, 1e3}, 0.25);
  profile.color_range = read_color_range(json);
  profile.min_points = json.integer("min_points", {1, 1'000'000}, 1);
  profile.min_density = json.number("min_density", {0.0, 1e6}, 0.0);
  if (json.find("opening_windows") != nullptr) {
    check_repeated(json, "opening_windows", items_of(json, "opening_windows"), profile.channels,
                   ChannelKind::kAbove);
  }
  if (const nlohmann::json* window = json.find("closing_window")) {
    check_repeated(json, "closing_window", {window, 1}, profile.channels, ChannelKind::kBelow);
  }
  if (json.find("surrounding_levels") != nullptr) {
    check_repeated(json, "surrounding_levels", items_of(json, "surrounding_levels"),
                   profile.channels, ChannelKind::kScatter);
  }
  if (json.find("plane_levels") != nullptr) {
    check_repeated(json, "plane_levels", items_of(json, "plane_levels"), profile.channels,
                   ChannelKind::kPlane);
  }
  json.finish();
  return profile;
}

}  // namespace ptattn
