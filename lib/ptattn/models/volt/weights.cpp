#include "ptattn/models/volt/weights.hpp"

#include <algorithm>
#include <utility>

#include "ptattn/core/parallel.hpp"
#include "ptattn/models/files/weight_reader.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kHead = VoltConfig::kHeadChannels;
constexpr double kNormEps = 1e-3;  // of batch norms

/// Where channel j of a head comes from: the first numbers of the pairs, then the second ones.
constexpr std::size_t unpaired(std::size_t j) {
  return j < kHead / 2 ? 2 * j : 2 * (j - kHead / 2) + 1;
}

/// The channels of each head in the order of `unpaired`.
std::vector<float> unpaired_values(const std::vector<float>& values) {
  std::vector<float> result(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    result[i] = values[i / kHead * kHead + unpaired(i % kHead)];
  }
  return result;
}

/// Queries and keys of all heads in that order; the values stay.
DenseWeights unpaired_layer(DenseWeights qkv) {
  if (qkv.weight.size() == 0) return qkv;
  const std::size_t c = qkv.weight.cols();
  const Matrix paired = std::move(qkv.weight);
  const std::vector<float> bias = qkv.bias;
  qkv.weight = Matrix(3 * c, c);
  for (std::size_t i = 0; i < 3 * c; ++i) {
    const std::size_t from = i < 2 * c ? i / kHead * kHead + unpaired(i % kHead) : i;
    std::copy_n(paired.row(from), c, qkv.weight.row(i));
    if (!bias.empty()) qkv.bias[i] = bias[from];
  }
  return qkv;
}

/// Takes the layers of one network.
class Builder {
 public:
  Builder(const VoltConfig& config, const WeightSource& source)
      : config_(config), reader_(source, kNormEps) {}

  [[nodiscard]] VoltWeights build() {
    const std::size_t c = config_.embed_dim;
    const std::size_t u = config_.up_mlp_dim;
    VoltWeights w;
    const DenseWeights tokenizer = reader_.dense(
        "tokenizer.proj", config_.slots() * config_.in_channels, c, {.bias = true, .norm = ""});
    if (tokenizer.weight.size() > 0) w.tokenizer = SparseConvolution(tokenizer, config_.slots());
    w.blocks.resize(config_.depth);
    parallel_each(w.blocks.size(), 1, [&](std::size_t i) { w.blocks[i] = block(i); });
    w.pre_norm = reader_.batch_norm("decoder.pre.0", c);
    w.pre = Linear(reader_.dense("decoder.pre.2", c, u, {.bias = false, .norm = "decoder.pre.3"}));
    w.unembed = unembed();
    w.seg_head = head();
    reader_.finish();
    return w;
  }

 private:
  [[nodiscard]] Linear linear(const std::string& name, std::size_t in, std::size_t out) {
    return Linear(reader_.dense(name, in, out, {.bias = true, .norm = ""}));
  }

  /// A layer followed by a scale of every channel, if the network has them.
  [[nodiscard]] Linear scaled(const std::string& name, const std::string& scale, std::size_t in,
                              std::size_t out) {
    DenseWeights dense = reader_.dense(name, in, out, {.bias = true, .norm = ""});
    if (config_.layer_scale) reader_.scale_rows(scale + ".gamma", out, dense);
    return Linear(std::move(dense));
  }

  [[nodiscard]] LayerNorm head_norm(const std::string& name) {
    LayerNorm norm = reader_.layer_norm(name, kHead);
    norm.gamma = unpaired_values(norm.gamma);
    norm.beta = unpaired_values(norm.beta);
    return norm;
  }

  [[nodiscard]] VoltBlockWeights block(std::size_t i) {
    const std::size_t c = config_.embed_dim;
    VoltBlockWeights w;
    w.name = "blocks." + std::to_string(i);
    w.norm1 = reader_.layer_norm(w.name + ".norm1", c);
    w.qkv = Linear(
        unpaired_layer(reader_.dense(w.name + ".attn.qkv", c, 3 * c, {.bias = true, .norm = ""})));
    if (config_.qk_norm) {
      w.q_norm = head_norm(w.name + ".attn.q_norm");
      w.k_norm = head_norm(w.name + ".attn.k_norm");
    }
    w.proj = scaled(w.name + ".attn.proj", w.name + ".ls1", c, c);
    w.norm2 = reader_.layer_norm(w.name + ".norm2", c);
    w.fc1 = linear(w.name + ".mlp.fc1", c, config_.hidden());
    w.fc2 = scaled(w.name + ".mlp.fc2", w.name + ".ls2", config_.hidden(), c);
    return w;
  }

  /// The transposed convolution and the batch norm behind it, slot by slot.
  [[nodiscard]] SparseConvolution unembed() {
    const std::size_t u = config_.up_mlp_dim;
    const DenseWeights all =
        reader_.dense("decoder.unembed.proj", u, config_.slots() * u, {.bias = false, .norm = ""});
    const std::vector<float> bias = reader_.tensor("decoder.unembed.bias", {u});
    const Affine norm = reader_.batch_norm("decoder.post.0", u);
    SparseConvolution layer;
    if (all.weight.size() == 0 || bias.empty() || norm.scale.empty()) return layer;
    for (std::size_t j = 0; j < u; ++j) {
      layer.bias.push_back(norm.scale[j] * bias[j] + norm.shift[j]);
    }
    for (std::size_t s = 0; s < config_.slots(); ++s) {
      Matrix slice(u, u);
      for (std::size_t j = 0; j < u; ++j) {
        const float* from = all.weight.row(s * u + j);
        std::transform(from, from + u, slice.row(j), [&](float x) { return norm.scale[j] * x; });
      }
      layer.slices.push_back(PackedMatrix::from_transposed(slice));
    }
    return layer;
  }

  [[nodiscard]] Linear head() {
    const std::string name = "seg_heads." + config_.condition;
    const std::vector<std::size_t>* shape = reader_.shape(name + ".weight");
    std::size_t classes = config_.num_classes.value_or(1);
    if (!config_.num_classes && shape != nullptr && !shape->empty()) classes = shape->front();
    return linear(name, config_.up_mlp_dim, classes);
  }

  const VoltConfig& config_;
  WeightReader reader_;
};

/// Calls change(layer) for all layers of blocks.
template <class Change>
void change_products(VoltWeights& weights, const Change& change) {
  parallel_each(weights.blocks.size(), 1, [&](std::size_t i) {
    VoltBlockWeights& w = weights.blocks[i];
    for (Linear* layer : {&w.qkv, &w.proj, &w.fc1, &w.fc2}) change(*layer);
  });
}

}  // namespace

void round_to_bf16(VoltWeights& weights) {
  change_products(weights, [](Linear& layer) { layer.round_to_bf16(); });
}

void quantize(VoltWeights& weights) {
  change_products(weights, [](Linear& layer) { layer.quantize(); });
}

VoltWeights read_volt_weights(const VoltConfig& config, const WeightSource& source) {
  return Builder(config, source).build();
}

}  // namespace ptattn
