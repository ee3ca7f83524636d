#include "ptattn/models/transformer_weights.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "ptattn/models/files/weight_reader.hpp"

namespace ptattn {
namespace {

/// Reads the parts that layers of encoder and decoder have in common.
class PartReader {
 public:
  PartReader(const TransformerConfig& config, const WeightSource& source)
      : config_(config), reader_(source, config.norm_eps) {}

  /// Empty when something does not fit.
  [[nodiscard]] MultiHeadAttention attention(const std::string& name) {
    const std::size_t c = config_.channels;
    const std::vector<float> in_proj = reader_.tensor(name + ".in_proj_weight", {3 * c, c});
    MultiHeadWeights w;
    w.heads = config_.heads;
    w.in_proj_bias = reader_.tensor(name + ".in_proj_bias", {3 * c});
    w.out_proj = reader_.dense(name + ".out_proj", c, c, {.bias = true, .norm = ""});
    if (in_proj.empty() || w.in_proj_bias.empty() || w.out_proj.weight.size() == 0) return {};
    w.in_proj_weight = Matrix(3 * c, c);
    std::copy(in_proj.begin(), in_proj.end(), w.in_proj_weight.data());
    return MultiHeadAttention(std::move(w));
  }

  [[nodiscard]] FeedForward feed_forward(const std::string& layer) {
    const LayerParts parts{.bias = true, .norm = ""};
    return {Linear(reader_.dense(layer + ".linear1", config_.channels, config_.hidden, parts)),
            Linear(reader_.dense(layer + ".linear2", config_.hidden, config_.channels, parts)),
            config_.activation};
  }

  [[nodiscard]] LayerNorm norm(const std::string& name) {
    LayerNorm norm = reader_.layer_norm(name, config_.channels);
    norm.eps = config_.norm_eps;
    return norm;
  }

  void finish() const { reader_.finish(); }

 private:
  const TransformerConfig& config_;
  WeightReader reader_;
};

EncoderLayer read_encoder_layer(PartReader& parts, const std::string& name) {
  return {parts.attention(name + ".self_attn"), parts.norm(name + ".norm1"),
          parts.feed_forward(name), parts.norm(name + ".norm2")};
}

DecoderLayer read_decoder_layer(PartReader& parts, const std::string& name) {
  return {parts.attention(name + ".self_attn"),
          parts.norm(name + ".norm1"),
          parts.attention(name + ".multihead_attn"),
          parts.norm(name + ".norm2"),
          parts.feed_forward(name),
          parts.norm(name + ".norm3")};
}

}  // namespace

Transformer read_transformer_weights(const TransformerConfig& config, const WeightSource& source) {
  PartReader parts(config, source);
  Transformer w;
  w.encoder.order = w.decoder.order = config.order;
  for (std::size_t i = 0; i < config.encoder_layers; ++i) {
    w.encoder.layers.push_back(read_encoder_layer(parts, "encoder.layers." + std::to_string(i)));
  }
  for (std::size_t i = 0; i < config.decoder_layers; ++i) {
    w.decoder.layers.push_back(read_decoder_layer(parts, "decoder.layers." + std::to_string(i)));
  }
  w.encoder.norm = parts.norm("encoder.norm");
  w.decoder.norm = parts.norm("decoder.norm");
  parts.finish();
  return w;
}

}  // namespace ptattn
