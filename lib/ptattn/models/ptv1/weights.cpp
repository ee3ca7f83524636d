#include <algorithm>
#include <string>
#include <utility>

#include "ptattn/models/files/weight_reader.hpp"
#include "ptattn/models/ptv1/ptv1.hpp"

namespace ptattn {
namespace {

/// Rows of a layer's weight repeated `times` times, so that every group of channels has its own.
DenseWeights repeated(const DenseWeights& layer, std::size_t times) {
  const std::size_t rows = layer.weight.rows();
  const std::size_t cols = layer.weight.cols();
  DenseWeights copy;
  copy.weight = Matrix(rows * times, cols);
  for (std::size_t t = 0; t < times; ++t) {
    std::copy_n(layer.weight.data(), rows * cols, copy.weight.row(t * rows));
    copy.bias.insert(copy.bias.end(), layer.bias.begin(), layer.bias.end());
  }
  return copy;
}

VectorAttentionWeights read_attention(WeightReader& reader, const std::string& name, std::size_t c,
                                      std::size_t groups) {
  const auto biased = [&](const char* layer, std::size_t in, std::size_t out,
                          const std::string& norm = {}) {
    return reader.dense(name + layer, in, out,
                        {.bias = true, .norm = norm.empty() ? norm : name + norm});
  };
  const std::size_t shared = c / groups;
  VectorAttentionWeights w;
  w.query = Linear(biased(".linear_q", c, c));
  w.key = Linear(biased(".linear_k", c, c));
  w.value = Linear(biased(".linear_v", c, c));
  w.position.hidden = biased(".linear_p.0", 3, 3, ".linear_p.1");
  w.position.out = Linear(biased(".linear_p.3", 3, c));
  w.weight_norm = reader.batch_norm(name + ".linear_w.0", c);
  w.weight_hidden = Linear(biased(".linear_w.2", c, shared, ".linear_w.3"));
  w.weight_out = Linear(repeated(biased(".linear_w.5", shared, shared), groups));
  return w;
}

Ptv1Block read_block(WeightReader& reader, const std::string& name, std::size_t c,
                     std::size_t groups) {
  Ptv1Block block;
  block.linear1 =
      Linear(reader.dense(name + ".linear1", c, c, {.bias = false, .norm = name + ".bn1"}));
  block.attention = read_attention(reader, name + ".transformer2", c, groups);
  block.bn2 = reader.batch_norm(name + ".bn2", c);
  block.linear3 =
      Linear(reader.dense(name + ".linear3", c, c, {.bias = false, .norm = name + ".bn3"}));
  return block;
}

Ptv1Down read_down(WeightReader& reader, const std::string& name, std::size_t in, std::size_t out,
                   bool first) {
  const LayerParts parts{.bias = false, .norm = name + ".bn"};
  if (first) return {{}, Linear(reader.dense(name + ".linear", in, out, parts))};
  const DenseWeights layer = reader.dense(name + ".linear", 3 + in, out, parts);
  return {Linear(input_part(layer, 0, 3, true)), Linear(input_part(layer, 3, in, false))};
}

Ptv1Up read_up(WeightReader& reader, const std::string& name, std::size_t coarse, std::size_t c) {
  const auto layer = [&](const std::string& part, std::size_t in) {
    return Linear(
        reader.dense(name + part + ".0", in, c, {.bias = true, .norm = name + part + ".1"}));
  };
  return {layer(".linear1", c), layer(".linear2", coarse), {}};
}

Ptv1Up read_last_up(WeightReader& reader, const std::string& name, std::size_t c) {
  const DenseWeights both =
      reader.dense(name + ".linear1.0", 2 * c, c, {.bias = true, .norm = name + ".linear1.1"});
  return {Linear(input_part(both, 0, c, false)),
          Linear(reader.dense(name + ".linear2.0", c, c, {.bias = true, .norm = ""})),
          Linear(input_part(both, c, c, true))};
}

}  // namespace

Ptv1Weights read_ptv1_weights(const Ptv1Config& config, const WeightSource& source) {
  WeightReader reader(source, config.norm_eps);
  const std::size_t groups = config.shared_channels;
  Ptv1Weights w;
  std::size_t channels = config.in_channels;
  for (std::size_t s = 0; s < config.stages.size(); ++s) {
    const Ptv1Config::Stage& stage = config.stages[s];
    const std::string number = std::to_string(s + 1);
    const std::string encoder = "enc" + number + ".";
    w.down.push_back(read_down(reader, encoder + "0", channels, stage.channels, s == 0));
    channels = stage.channels;
    std::vector<Ptv1Block>& blocks = w.blocks.emplace_back();
    for (std::size_t b = 1; b <= stage.blocks; ++b) {
      blocks.push_back(read_block(reader, encoder + std::to_string(b), channels, groups));
    }
    const std::string decoder = "dec" + number + ".";
    const bool last = s + 1 == config.stages.size();
    w.up.push_back(last ? read_last_up(reader, decoder + "0", channels)
                        : read_up(reader, decoder + "0", config.stages[s + 1].channels, channels));
    w.decoder_block.push_back(read_block(reader, decoder + "1", channels, groups));
  }
  const std::size_t c = config.stages.front().channels;
  w.head = Linear(reader.dense("cls.0", c, c, {.bias = true, .norm = "cls.1"}));
  w.classes = Linear(reader.dense("cls.3", c, config.num_classes, {.bias = true, .norm = ""}));
  reader.finish();
  return w;
}

}  // namespace ptattn
