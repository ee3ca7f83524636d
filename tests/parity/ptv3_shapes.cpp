#include "ptv3_shapes.hpp"

#include <cmath>
#include <string>
#include <vector>

namespace ptattn::test {
namespace {

using Shapes = FormulaWeights::Shapes;

void add_linear(Shapes& shapes, const std::string& name, std::size_t in, std::size_t out,
                bool bias = true) {
  shapes[name + ".weight"] = {out, in};
  if (bias) shapes[name + ".bias"] = {out};
}

void add_norm(Shapes& shapes, const std::string& name, std::size_t channels, bool batch) {
  std::vector<std::string> parts = {".weight", ".bias"};
  if (batch) parts.insert(parts.end(), {".running_mean", ".running_var"});
  for (const std::string& part : parts) shapes[name + part] = {channels};
}

void add_blocks(Shapes& shapes, const std::string& stage_name, const Ptv3Config::Stage& stage,
                const Ptv3Config& config) {
  const std::size_t c = stage.channels;
  const auto hidden = static_cast<std::size_t>(static_cast<double>(c) * config.mlp_ratio);
  for (std::size_t i = 0; i < stage.depth; ++i) {
    const std::string name = stage_name + ".block" + std::to_string(i) + ".";
    if (stage.convolution) {
      const std::string conv = name + (config.mode == Ptv3Mode::kLitept ? "conv" : "cpe");
      shapes[conv + ".0.weight"] = {c, 3, 3, 3, c};
      shapes[conv + ".0.bias"] = {c};
      add_linear(shapes, conv + ".1", c, c);
      add_norm(shapes, conv + ".2", c, false);
    } else {
      add_norm(shapes, name + "norm0.0", c, false);
    }
    if (!stage.attention) continue;
    add_norm(shapes, name + "norm1.0", c, false);
    add_linear(shapes, name + "attn.qkv", c, 3 * c, config.qkv_bias);
    if (config.enable_rpe) {
      const double side = std::pow(4.0 * static_cast<double>(stage.patch_size), 1.0 / 3.0);
      const auto bound = static_cast<std::size_t>(side * 2.0);
      shapes[name + "attn.rpe.rpe_table"] = {3 * (2 * bound + 1), stage.heads};
    }
    add_linear(shapes, name + "attn.proj", c, c);
    add_norm(shapes, name + "norm2.0", c, false);
    add_linear(shapes, name + "mlp.0.fc1", c, hidden);
    add_linear(shapes, name + "mlp.0.fc2", hidden, c);
    if (config.layer_scale) {
      shapes[name + "ls1.0.gamma"] = {c};
      shapes[name + "ls2.0.gamma"] = {c};
    }
  }
}

}  // namespace

FormulaWeights::Shapes ptv3_shapes(const Ptv3Config& config, std::size_t classes) {
  Shapes shapes;
  const bool batch = has_batch_norms(config.mode);
  const std::size_t stem = config.encoder.front().channels;
  if (batch) {
    shapes["embedding.stem.conv.weight"] = {stem, 5, 5, 5, config.in_channels};
  } else {
    add_linear(shapes, "embedding.stem.linear", config.in_channels, stem);
  }
  add_norm(shapes, "embedding.stem.norm", stem, batch);
  if (config.mask_token) shapes["embedding.mask_token"] = {1, stem};
  std::size_t channels = stem;
  for (std::size_t s = 0; s < config.encoder.size(); ++s) {
    const std::string name = "enc.enc" + std::to_string(s);
    if (s > 0) {
      add_linear(shapes, name + ".down.proj", channels, config.encoder[s].channels);
      add_norm(shapes, name + ".down.norm.0", config.encoder[s].channels, batch);
    }
    add_blocks(shapes, name, config.encoder[s], config);
    channels = config.encoder[s].channels;
  }
  for (std::size_t s = config.decoder.size(); s-- > 0;) {
    const std::string name = "dec.dec" + std::to_string(s);
    const std::size_t out = config.decoder[s].channels;
    add_linear(shapes, name + ".up.proj.0", channels, out);
    add_norm(shapes, name + ".up.proj.1", out, batch);
    add_linear(shapes, name + ".up.proj_skip.0", config.encoder[s].channels, out);
    add_norm(shapes, name + ".up.proj_skip.1", out, batch);
    add_blocks(shapes, name, config.decoder[s], config);
    channels = out;
  }
  if (classes > 0) add_linear(shapes, "seg_head", channels, classes);
  return shapes;
}

}  // namespace ptattn::test
