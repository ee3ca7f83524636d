#include "ptattn/models/ptv3/config.hpp"

#include <algorithm>
#include <bit>
#include <span>
#include <utility>

#include "ptattn/models/ptv3/config_reader.hpp"

namespace ptattn {
namespace {

// The largest published network has 5 stages, 12 blocks in a stage, 576 channels and patches of
// 1024; with RPE a patch's biases are made for 128 queries at a time.
constexpr std::size_t kMaxStages = 8;
constexpr std::size_t kMaxOrders = 8;
constexpr std::size_t kDefaultPatchSize = 1024;
constexpr Range<std::size_t> kDepths{0, 64};
constexpr Range<std::size_t> kChannels{1, 4096};
constexpr Range<std::size_t> kPatchSizes{1, 65'536};
constexpr Range<std::size_t> kStrides{1, 64};
constexpr Range<std::size_t> kClasses{1, 100'000};

// Switches of the training and of the GPU code.
constexpr const char* kWithoutEffect[] = {"attn_drop",        "drop_path",      "enable_flash",
                                          "freeze_encoder",   "jitter_coords",  "proj_drop",
                                          "rescale_coords",   "shift_coords",   "traceable",
                                          "upcast_attention", "upcast_softmax", "shuffle_orders"};

// Switches that the engine does not have, and those that say more about them.
constexpr const char* kRefused[] = {"pdnorm_bn", "pdnorm_ln"};
constexpr const char* kOfTheRefused[] = {"pdnorm_adaptive", "pdnorm_affine", "pdnorm_conditions",
                                         "pdnorm_decouple"};

// In the order of enum Curve.
const std::vector<std::string> kCurveNames = {"z", "z-trans", "hilbert", "hilbert-trans"};

std::vector<Curve> read_curves(JsonObject& json, const std::string& key,
                               const nlohmann::json& names) {
  std::span<const nlohmann::json> items(&names, 1);
  if (names.is_array()) items = names.get_ref<const nlohmann::json::array_t&>();
  std::vector<Curve> curves;
  if (items.size() <= kMaxOrders) {
    for (const nlohmann::json& name : items) {
      if (!name.is_string()) break;
      const auto found = std::ranges::find(kCurveNames, name.get<std::string>());
      if (found == kCurveNames.end()) break;
      curves.push_back(static_cast<Curve>(found - kCurveNames.begin()));
    }
    if (!curves.empty() && curves.size() == items.size()) return curves;
  }
  json.fail(key, "is not an array of 1 to " + std::to_string(kMaxOrders) +
                     R"( of "z", "z-trans", "hilbert", "hilbert-trans")");
}

/// The stages of the encoder ("enc") or the decoder ("dec"), `defaults` where keys are absent.
std::vector<Ptv3Config::Stage> read_stages(JsonObject& json, const std::string& prefix,
                                           std::vector<Ptv3Config::Stage> stages) {
  const auto read = [&](const char* name, Range<std::size_t> range, auto member) {
    const std::string key = prefix + name;
    if (json.find(key) == nullptr) return;
    const std::vector<std::size_t> values = json.integers(key, range, kMaxStages);
    if (values.size() != stages.size()) {
      json.fail(key, "does not have " + std::to_string(stages.size()) + " items");
    }
    for (std::size_t i = 0; i < values.size(); ++i) stages[i].*member = values[i];
  };
  if (json.find(prefix + "_depths") != nullptr) {
    stages.resize(json.integers(prefix + "_depths", kDepths, kMaxStages).size(),
                  {0, 0, 0, kDefaultPatchSize});
  }
  using Stage = Ptv3Config::Stage;
  read("_depths", kDepths, &Stage::depth);
  read("_channels", kChannels, &Stage::channels);
  read("_num_head", kChannels, &Stage::heads);
  read("_patch_size", kPatchSizes, &Stage::patch_size);
  return stages;
}

/// Fails where the widths of a head do not come out even.
void check_heads(const JsonObject& json, const std::string& prefix, const Ptv3Config& config,
                 const std::vector<Ptv3Config::Stage>& stages) {
  for (const Ptv3Config::Stage& stage : stages) {
    if (stage.heads == 0 || stage.channels == 0 || stage.channels % stage.heads != 0) {
      json.fail(prefix + "_channels", "is not a multiple of " + prefix + "_num_head");
    }
    if (has_rotary_encoding(config.mode) && stage.attention &&
        stage.channels / stage.heads % 6 != 0) {
      json.fail(prefix + "_channels",
                "gives heads whose width is not a multiple of 6, as three axes need");
    }
  }
}

/// The public implementation computes the cells' differences once for all blocks of a stage.
void check_patches(const JsonObject& json, const Ptv3Config& config) {
  for (std::size_t s = 0; s < config.decoder.size() && config.enable_rpe; ++s) {
    const Ptv3Config::Stage& encoder = config.encoder[s];
    const Ptv3Config::Stage& decoder = config.decoder[s];
    if (encoder.attending() > 0 && decoder.attending() > 0 &&
        encoder.patch_size != decoder.patch_size) {
      json.fail("dec_patch_size", "is not enc_patch_size, as enable_rpe needs");
    }
  }
}

void read_strides(JsonObject& json, Ptv3Config& config) {
  if (json.find("stride") != nullptr) {
    config.stride = json.integers("stride", kStrides, kMaxStages);
  }
  if (config.stride.size() + 1 != config.encoder.size()) {
    json.fail("stride", "does not have one item less than enc_depths");
  }
  const auto halves = [](std::size_t s) { return std::has_single_bit(s); };
  if (config.mode == Ptv3Mode::kBase && !std::ranges::all_of(config.stride, halves)) {
    json.fail("stride", "is not made of powers of two");
  }
}

void read_stage_orders(JsonObject& json, Ptv3Config& config) {
  if (json.find("stage_orders") == nullptr) return;
  for (const nlohmann::json& names : json.array("stage_orders", kMaxStages)) {
    config.stage_orders.push_back(read_curves(json, "stage_orders", names));
  }
  if (config.stage_orders.size() != config.encoder.size()) {
    json.fail("stage_orders", "does not have one item for each of enc_depths");
  }
}

bool read_layer_scale(JsonObject& json) {
  const nlohmann::json* value = json.find("layer_scale");
  if (value == nullptr || value->is_null()) return false;
  (void)json.number("layer_scale", {-1e6, 1e6});  // where training started from
  return true;
}

/// 0 where the public implementation takes 1 / sqrt(channels of a head).
double read_qk_scale(JsonObject& json) {
  const nlohmann::json* value = json.find("qk_scale");
  if (value == nullptr || value->is_null()) return 0.0;
  return json.number("qk_scale", {0.0, 1e3});
}

bool read_enc_mode(JsonObject& json) {
  const bool encodes = json.flag("enc_mode", false);
  const bool classifies = json.flag("cls_mode", encodes);
  if (json.find("enc_mode") != nullptr && encodes != classifies) {
    json.fail("cls_mode", "is the older name of enc_mode, which says otherwise");
  }
  return classifies;
}

/// Keys that must be false, and keys that say nothing that matters here.
void read_rest(JsonObject& json) {
  for (const char* key : kRefused) {
    if (json.flag(key, false)) json.fail(key, "is true, expected false");
  }
  for (const char* key : kOfTheRefused) (void)json.find(key);
  for (const char* key : kWithoutEffect) (void)json.find(key);
}

}  // namespace

const std::vector<Curve>& orders_of(const Ptv3Config& config, std::size_t stage) {
  return config.stage_orders.empty() ? config.order : config.stage_orders[stage];
}

Ptv3Config read_config_of_stages(
    const std::string& hyper_parameters, const std::string& subject, Ptv3Config config,
    const std::function<void(JsonObject& json, Ptv3Config& config)>& read_more) {
  const JsonTree parsed = parse_json(hyper_parameters, subject);
  JsonObject json(parsed.root(), "", subject);
  config.in_channels = json.integer("in_channels", kChannels, config.in_channels);
  if (const auto* order = json.find("order")) config.order = read_curves(json, "order", *order);
  config.enc_mode = read_enc_mode(json);
  config.encoder = read_stages(json, "enc", config.encoder);
  if (config.encoder.empty()) json.fail("enc_depths", "is empty");
  config.decoder = read_stages(json, "dec", config.decoder);
  if (read_more) read_more(json, config);
  check_heads(json, "enc", config, config.encoder);
  read_strides(json, config);
  if (config.enc_mode) {
    config.decoder.clear();
  } else if (config.decoder.size() != config.stride.size()) {
    json.fail("dec_depths", "does not have one item less than enc_depths");
  }
  check_heads(json, "dec", config, config.decoder);
  read_stage_orders(json, config);
  config.patch_of_smallest_cloud = json.flag("patch_of_smallest_cloud", false);
  config.enable_rpe = json.flag("enable_rpe", config.enable_rpe);
  check_patches(json, config);
  config.layer_scale = read_layer_scale(json);
  config.mask_token = json.flag("mask_token", config.mask_token);
  config.qkv_bias = json.flag("qkv_bias", config.qkv_bias);
  config.qk_scale = read_qk_scale(json);
  config.norm_order = json.flag("pre_norm", true) ? NormOrder::kPre : NormOrder::kPost;
  config.mlp_ratio = json.number("mlp_ratio", {0.25, 16.0}, config.mlp_ratio);
  config.rope_base = json.number("rope_base", {1e-3, 1e9}, config.rope_base);
  config.norm_eps = json.number("norm_eps", {1e-12, 1.0}, config.norm_eps);
  if (json.find("num_classes") != nullptr) {
    config.num_classes = json.integer("num_classes", kClasses);
  }
  read_rest(json);
  json.finish();
  return config;
}

Ptv3Config read_ptv3_config(const std::string& hyper_parameters, Ptv3Mode mode,
                            const std::string& subject) {
  Ptv3Config config;
  config.mode = mode;
  return read_config_of_stages(hyper_parameters, subject, std::move(config));
}

}  // namespace ptattn
