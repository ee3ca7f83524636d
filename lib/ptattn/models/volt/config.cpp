#include "ptattn/models/volt/config.hpp"

#include "ptattn/models/files/json_reader.hpp"

namespace ptattn {
namespace {

constexpr Range<std::size_t> kChannels{1, 4096};
constexpr Range<std::size_t> kDepths{0, 64};
constexpr Range<std::size_t> kHeads{1, 64};
constexpr Range<std::size_t> kStrides{1, 9};
constexpr Range<std::size_t> kClasses{1, 100'000};

// Switches of the training and of the GPU code.
constexpr const char* kWithoutEffect[] = {"attn_drop", "drop_path", "enable_flash", "proj_drop",
                                          "drop_path_rate"};

bool read_layer_scale(JsonObject& json) {
  const nlohmann::json* value = json.find("init_values");
  if (value == nullptr || value->is_null()) return false;
  (void)json.number("init_values", {-1e6, 1e6});  // where training started from
  return true;
}

}  // namespace

VoltConfig read_volt_config(const std::string& hyper_parameters, const std::string& subject) {
  const JsonTree parsed = parse_json(hyper_parameters, subject);
  JsonObject json(parsed.root(), "", subject);
  VoltConfig config;
  config.in_channels = json.integer("in_channels", kChannels, config.in_channels);
  config.embed_dim = json.integer("embed_dim", kChannels, config.embed_dim);
  config.depth = json.integer("depth", kDepths, config.depth);
  config.num_heads = json.integer("num_heads", kHeads, config.num_heads);
  if (config.embed_dim != VoltConfig::kHeadChannels * config.num_heads) {
    json.fail("embed_dim", "is not 64 times num_heads");
  }
  config.mlp_ratio = json.number("mlp_ratio", {0.25, 16.0}, config.mlp_ratio);
  config.layer_scale = read_layer_scale(json);
  config.qk_norm = json.flag("qk_norm", config.qk_norm);
  config.stride = json.integer("stride", kStrides, config.stride);
  if (json.integer("kernel_size", kStrides, config.stride) != config.stride) {
    json.fail("kernel_size", "is not the stride");
  }
  config.up_mlp_dim = json.integer("up_mlp_dim", kChannels, config.up_mlp_dim);
  if (json.find("num_classes") != nullptr) {
    config.num_classes = json.integer("num_classes", kClasses);
  }
  if (json.find("condition") != nullptr) config.condition = json.text("condition");
  for (const char* key : kWithoutEffect) (void)json.find(key);
  json.finish();
  return config;
}

}  // namespace ptattn
