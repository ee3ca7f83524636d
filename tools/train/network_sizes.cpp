#include "network_sizes.hpp"

#include <array>
#include <map>

#include <nlohmann/json.hpp>

namespace ptattn::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kStages = 5;

/// Blocks, channels and heads of the stages of a network over voxels, the finest first.
struct StageSizes {
  std::array<int, kStages> encoder_depths;
  std::array<int, kStages> encoder_channels;
  std::array<int, kStages> encoder_heads;
  std::array<int, kStages - 1> decoder_depths;
  std::array<int, kStages - 1> decoder_channels;
  std::array<int, kStages - 1> decoder_heads;
};
using SizeTable = std::map<std::string, StageSizes>;

const SizeTable& ptv3_sizes() {
  static const SizeTable kSizes{{"tiny",
                                 {{1, 1, 1, 1, 1},
                                  {32, 32, 48, 64, 96},
                                  {2, 2, 3, 4, 6},
                                  {1, 1, 1, 1},
                                  {32, 32, 48, 64},
                                  {2, 2, 3, 4}}},
                                {"small",
                                 {{1, 1, 2, 2, 1},
                                  {32, 48, 64, 96, 128},
                                  {2, 3, 4, 6, 8},
                                  {1, 1, 1, 1},
                                  {32, 48, 64, 96},
                                  {2, 3, 4, 6}}},
                                {"base",
                                 {{2, 2, 2, 4, 2},
                                  {32, 64, 96, 160, 256},
                                  {2, 4, 6, 10, 16},
                                  {1, 1, 1, 1},
                                  {48, 64, 96, 160},
                                  {3, 4, 6, 10}}}};
  return kSizes;
}

/// Heads of a multiple of six channels, for the rotary encoding; a decoder without blocks.
const SizeTable& litept_sizes() {
  static const SizeTable kSizes{{"tiny",
                                 {{1, 1, 1, 2, 1},
                                  {24, 36, 48, 72, 96},
                                  {2, 2, 4, 4, 8},
                                  {0, 0, 0, 0},
                                  {36, 36, 48, 72},
                                  {2, 2, 4, 4}}},
                                {"small",
                                 {{1, 1, 2, 3, 1},
                                  {36, 48, 72, 108, 144},
                                  {2, 4, 4, 6, 8},
                                  {0, 0, 0, 0},
                                  {48, 48, 72, 108},
                                  {4, 4, 4, 6}}},
                                {"base",
                                 {{2, 2, 2, 6, 2},
                                  {36, 72, 144, 252, 504},
                                  {2, 4, 8, 14, 28},
                                  {0, 0, 0, 0},
                                  {72, 72, 144, 252},
                                  {4, 4, 8, 14}}}};
  return kSizes;
}

std::array<int, kStages> encoder_patches(int size) {
  return {size, size, size, size, size};
}

std::array<int, kStages - 1> decoder_patches(int size) {
  return {size, size, size, size};
}

/// What the networks over voxels begin with.
/// @param has_decoder_blocks  else the decoder only adds up
Json stages_of(const StageSizes& sizes, std::size_t classes, std::size_t channels,
               bool has_decoder_blocks) {
  Json json = Json::object();
  json["num_classes"] = classes;
  json["in_channels"] = channels;
  json["order"] = {"z", "z-trans", "hilbert", "hilbert-trans"};
  json["stride"] = {2, 2, 2, 2};
  json["enc_depths"] = sizes.encoder_depths;
  json["enc_channels"] = sizes.encoder_channels;
  json["enc_num_head"] = sizes.encoder_heads;
  if (has_decoder_blocks) json["dec_depths"] = sizes.decoder_depths;
  json["dec_channels"] = sizes.decoder_channels;
  json["dec_num_head"] = sizes.decoder_heads;
  return json;
}

}  // namespace

std::string ptv3_hyper_parameters(const std::string& size, std::size_t classes,
                                  std::size_t channels) {
  constexpr int kPatch = 128;
  Json json = stages_of(ptv3_sizes().at(size), classes, channels, true);
  json["enc_patch_size"] = encoder_patches(kPatch);
  json["dec_patch_size"] = decoder_patches(kPatch);
  json["enable_rpe"] = false;
  return json.dump();
}

std::string litept_hyper_parameters(const std::string& size, std::size_t classes,
                                    std::size_t channels) {
  constexpr int kPatch = 256;
  const StageSizes& sizes = litept_sizes().at(size);
  Json json = stages_of(sizes, classes, channels, false);
  json["enc_patch_size"] = encoder_patches(kPatch);
  json["enc_conv"] = {true, true, true, false, false};
  json["enc_attn"] = {false, false, false, true, true};
  json["dec_depths"] = sizes.decoder_depths;
  json["dec_patch_size"] = decoder_patches(kPatch);
  json["dec_conv"] = {false, false, false, false};
  json["dec_attn"] = {false, false, false, false};
  return json.dump();
}

std::string pct_hyper_parameters(const std::string& size, std::size_t classes) {
  const bool narrow = size != "base";
  Json json = Json::object();
  json["num_classes"] = classes;
  json["groups"] = Json::array({{{"points", narrow ? 256 : 512},
                                 {"neighbors", narrow ? 20 : 32},
                                 {"channels", narrow ? 96 : 128}},
                                {{"points", narrow ? 128 : 256},
                                 {"neighbors", narrow ? 16 : 32},
                                 {"channels", narrow ? 192 : 256}}});
  json["attention_layers"] = size == "tiny" ? 2 : 4;
  json["qk_channels"] = narrow ? 48 : 64;
  json["fuse_channels"] = size == "tiny" ? 512 : 1024;
  json["head_channels"] = narrow ? std::array{256, 128} : std::array{512, 256};
  return json.dump();
}

}  // namespace ptattn::tools
