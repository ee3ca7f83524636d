#include "ptattn/models/pct/spct_config.hpp"

#include <algorithm>

#include "ptattn/models/files/json_reader.hpp"

namespace ptattn {
namespace {

// Wider layers than these exist in no point network.
constexpr Range<std::size_t> kChannels{1, 2048};
constexpr Range<std::size_t> kClasses{1, 100'000};
constexpr Range<std::size_t> kCategories{1, 10'000};
constexpr Range<std::size_t> kLayers{1, 32};

}  // namespace

SpctConfig read_spct_config(const std::string& hyper_parameters, const std::string& subject) {
  const JsonTree parsed = parse_json(hyper_parameters, subject);
  JsonObject json(parsed.root(), "", subject);
  SpctConfig config;
  const auto read = [&](const char* key, Range<std::size_t> range, std::size_t& value) {
    value = json.integer(key, range, value);
  };
  read("in_channels", kChannels, config.in_channels);
  read("num_classes", kClasses, config.num_classes);
  read("num_categories", kCategories, config.num_categories);
  config.norm_eps = json.number("norm_eps", {1e-12, 1.0}, config.norm_eps);
  read("embed_channels", kChannels, config.embed_channels);
  read("attention_layers", kLayers, config.attention_layers);
  read("qk_channels", kChannels, config.qk_channels);
  read("fuse_channels", kChannels, config.fuse_channels);
  read("label_channels", kChannels, config.label_channels);
  if (json.find("head_channels") != nullptr) {
    const auto widths = json.integers("head_channels", kChannels, config.head_channels.size());
    if (widths.size() != config.head_channels.size()) {
      json.fail("head_channels", "does not have 2 items");
    }
    std::ranges::copy(widths, config.head_channels.begin());
  }
  json.finish();
  return config;
}

}  // namespace ptattn
