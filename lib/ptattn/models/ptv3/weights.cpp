#include "ptattn/models/ptv3/weights.hpp"

#include <cmath>
#include <utility>

#include "ptattn/core/parallel.hpp"
#include "ptattn/models/files/weight_reader.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kStemSize = 5;
constexpr std::size_t kCpeSize = 3;
constexpr std::size_t kCpeVolume = kCpeSize * kCpeSize * kCpeSize;

/// Takes the layers of one network; everything a part of it needs to know of the whole.
class Builder {
 public:
  Builder(const Ptv3Config& config, const WeightSource& source)
      : config_(config), reader_(source, config.norm_eps) {}

  [[nodiscard]] Ptv3Weights build() {
    Ptv3Weights w;
    read_stem(w);
    w.encoder.resize(config_.encoder.size());
    w.decoder.resize(config_.decoder.size());
    parallel_each(w.encoder.size(), 1, [&](std::size_t s) { w.encoder[s] = encoder(s); });
    parallel_each(w.decoder.size(), 1, [&](std::size_t s) { w.decoder[s] = decoder(s); });
    read_head(w);
    reader_.finish();
    return w;
  }

 private:
  using Stage = Ptv3Config::Stage;

  [[nodiscard]] bool has_batch_norms() const { return ptattn::has_batch_norms(config_.mode); }

  [[nodiscard]] Linear linear(const std::string& name, std::size_t in, std::size_t out,
                              bool bias = true) {
    return Linear(reader_.dense(name, in, out, {.bias = bias, .norm = ""}));
  }

  /// A layer whose batch norm is folded in, or whose layer norm goes to `norm`.
  [[nodiscard]] Linear normed(const std::string& name, const std::string& norm_name, std::size_t in,
                              std::size_t out, Ptv3Norm& norm) {
    if (has_batch_norms()) return Linear(reader_.dense(name, in, out, {true, norm_name}));
    norm.layer = reader_.layer_norm(norm_name, out);
    return linear(name, in, out);
  }

  /// A layer followed by a scale of every channel, if the network has them.
  [[nodiscard]] Linear scaled(const std::string& name, const std::string& scale, std::size_t in,
                              std::size_t out) {
    DenseWeights dense = reader_.dense(name, in, out, {.bias = true, .norm = ""});
    if (config_.layer_scale) reader_.scale_rows(scale + ".gamma", out, dense);
    return Linear(std::move(dense));
  }

  void read_stem(Ptv3Weights& w) {
    const std::size_t in = config_.in_channels;
    const std::size_t out = config_.encoder.front().channels;
    const std::string stem = "embedding.stem.";
    if (has_batch_norms()) {
      w.stem = Linear(reader_.convolution(stem + "conv", in, out, kStemSize,
                                          {.bias = false, .norm = stem + "norm"}));
    } else {
      w.stem = normed(stem + "linear", stem + "norm", in, out, w.stem_norm);
    }
    if (config_.mask_token) (void)reader_.tensor("embedding.mask_token", {1, out});
  }

  [[nodiscard]] Ptv3BlockWeights block(const std::string& name, const Stage& stage) {
    const std::size_t c = stage.channels;
    Ptv3BlockWeights w;
    w.name = name;
    if (stage.convolution) {
      read_convolution(name + (config_.mode == Ptv3Mode::kLitept ? ".conv" : ".cpe"), c, w);
    } else {
      w.norm0 = reader_.layer_norm(name + ".norm0.0", c);
    }
    if (stage.attention) read_attention(stage, w);
    return w;
  }

  void read_convolution(const std::string& name, std::size_t c, Ptv3BlockWeights& w) {
    const DenseWeights cpe =
        reader_.convolution(name + ".0", c, c, kCpeSize, {.bias = true, .norm = ""});
    if (cpe.weight.size() > 0) w.cpe0 = SparseConvolution(cpe, kCpeVolume);
    w.cpe1 = linear(name + ".1", c, c);
    w.cpe2 = reader_.layer_norm(name + ".2", c);
  }

  void read_attention(const Stage& stage, Ptv3BlockWeights& w) {
    const std::string& name = w.name;
    const std::size_t c = stage.channels;
    const auto hidden = static_cast<std::size_t>(static_cast<double>(c) * config_.mlp_ratio);
    w.norm1 = reader_.layer_norm(name + ".norm1.0", c);
    w.qkv = linear(name + ".attn.qkv", c, 3 * c, config_.qkv_bias);
    if (config_.enable_rpe) w.rpe = relative_table(name + ".attn.rpe.rpe_table", stage);
    w.proj = scaled(name + ".attn.proj", name + ".ls1.0", c, c);
    w.norm2 = reader_.layer_norm(name + ".norm2.0", c);
    w.fc1 = linear(name + ".mlp.0.fc1", c, hidden);
    w.fc2 = scaled(name + ".mlp.0.fc2", name + ".ls2.0", hidden, c);
  }

  [[nodiscard]] RelativeTable relative_table(const std::string& name, const Stage& stage) {
    // As the public code computes it, in float64.
    const auto bound = static_cast<std::size_t>(
        std::pow(4.0 * static_cast<double>(stage.patch_size), 1.0 / 3.0) * 2.0);
    const std::size_t rows = 3 * (2 * bound + 1);
    const std::vector<float> values = reader_.tensor(name, {rows, stage.heads});
    if (values.empty()) return {};
    return RelativeTable(MatrixView{values.data(), rows, stage.heads, stage.heads});
  }

  [[nodiscard]] std::vector<Ptv3BlockWeights> blocks(const std::string& name, const Stage& stage) {
    std::vector<Ptv3BlockWeights> all(stage.depth);
    parallel_each(all.size(), 1, [&](std::size_t i) {
      all[i] = block(name + ".block" + std::to_string(i), stage);
    });
    return all;
  }

  [[nodiscard]] Ptv3EncoderWeights encoder(std::size_t s) {
    const std::string name = "enc.enc" + std::to_string(s);
    const Stage& stage = config_.encoder[s];
    Ptv3EncoderWeights w;
    if (s > 0) {
      const std::size_t in = config_.encoder[s - 1].channels;
      w.down = linear(name + ".down.proj", in, stage.channels);
      if (has_batch_norms()) {  // behind the maximum, where it cannot be folded into the layer
        w.down_norm.batch = reader_.batch_norm(name + ".down.norm.0", stage.channels);
      } else {
        w.down_norm.layer = reader_.layer_norm(name + ".down.norm.0", stage.channels);
      }
    }
    w.blocks = blocks(name, stage);
    return w;
  }

  [[nodiscard]] Ptv3DecoderWeights decoder(std::size_t s) {
    const std::string name = "dec.dec" + std::to_string(s);
    const Stage& stage = config_.decoder[s];
    const Stage& below =
        s + 1 < config_.decoder.size() ? config_.decoder[s + 1] : config_.encoder.back();
    const std::string proj = name + ".up.proj";
    Ptv3DecoderWeights w;
    w.proj = normed(proj + ".0", proj + ".1", below.channels, stage.channels, w.proj_norm);
    w.proj_skip = normed(proj + "_skip.0", proj + "_skip.1", config_.encoder[s].channels,
                         stage.channels, w.skip_norm);
    w.blocks = blocks(name, stage);
    return w;
  }

  void read_head(Ptv3Weights& w) {
    const std::vector<std::size_t>* shape = reader_.shape("seg_head.weight");
    if (config_.enc_mode || (shape == nullptr && !config_.num_classes)) return;
    const std::size_t classes = config_.num_classes ? *config_.num_classes
                                : shape->empty()    ? 1
                                                    : shape->front();
    const Stage& last = config_.decoder.empty() ? config_.encoder.back() : config_.decoder.front();
    w.seg_head = linear("seg_head", last.channels, classes);
  }

  const Ptv3Config& config_;
  WeightReader reader_;
};

/// Calls change(layer) for all convolutions and layers of blocks.
template <class Change>
void change_blocks(std::vector<Ptv3BlockWeights>& blocks, const Change& change) {
  parallel_each(blocks.size(), 1, [&](std::size_t i) {
    Ptv3BlockWeights& w = blocks[i];
    change(w.cpe0);
    for (Linear* layer : {&w.cpe1, &w.qkv, &w.proj, &w.fc1, &w.fc2}) change(*layer);
  });
}

/// The same, and for the layers between stages.
template <class Change>
void change_products(Ptv3Weights& weights, const Change& change) {
  for (Ptv3EncoderWeights& stage : weights.encoder) {
    change(stage.down);
    change_blocks(stage.blocks, change);
  }
  for (Ptv3DecoderWeights& stage : weights.decoder) {
    change(stage.proj);
    change(stage.proj_skip);
    change_blocks(stage.blocks, change);
  }
}

}  // namespace

void round_to_bf16(Ptv3Weights& weights) {
  change_products(weights, [](auto& layer) { layer.round_to_bf16(); });
}

void quantize(Ptv3Weights& weights) {
  change_products(weights, [](auto& layer) { layer.quantize(); });
}

Ptv3Weights read_ptv3_weights(const Ptv3Config& config, const WeightSource& source) {
  return Builder(config, source).build();
}

}  // namespace ptattn
