#include <string>

#include "ptattn/models/files/weight_reader.hpp"
#include "ptattn/models/pct/attention_weights.hpp"
#include "ptattn/models/pct/pct.hpp"

namespace ptattn {
namespace {

GroupingWeights read_grouping(WeightReader& reader, const std::string& name, std::size_t in,
                              std::size_t out) {
  const DenseWeights first =
      reader.dense(name + ".conv1", 2 * in, out, {.bias = false, .norm = name + ".bn1"});
  return {first, reader.dense(name + ".conv2", out, out, {.bias = false, .norm = name + ".bn2"})};
}

}  // namespace

PctWeights read_pct_weights(const PctConfig& config, const WeightSource& source) {
  WeightReader reader(source, config.norm_eps);
  const auto layer = [&](const char* name, std::size_t in, std::size_t out,
                         const LayerParts& parts) {
    return Linear(reader.dense(name, in, out, parts));
  };
  const auto& [first, second] = config.groups;
  const std::size_t embed = config.embed_channels;
  const std::size_t c = second.channels;
  const auto& [head1, head2] = config.head_channels;

  PctWeights w;
  w.conv1 = layer("conv1", 3, embed, {.bias = false, .norm = "bn1"});
  w.conv2 = layer("conv2", embed, embed, {.bias = false, .norm = "bn2"});
  w.gather_local[0] = read_grouping(reader, "gather_local_0", embed, first.channels);
  w.gather_local[1] = read_grouping(reader, "gather_local_1", first.channels, c);
  w.last_conv1 = layer("pt_last.conv1", c, c, {.bias = false, .norm = "pt_last.bn1"});
  if (config.position_encoding) {
    w.pos_xyz = layer("pt_last.pos_xyz", 3, c, {.bias = true, .norm = ""});
  } else {
    w.last_conv2 = layer("pt_last.conv2", c, c, {.bias = false, .norm = "pt_last.bn2"});
  }
  for (std::size_t i = 1; i <= config.attention_layers; ++i) {
    w.attention.push_back(
        read_offset_attention(reader, "pt_last.sa" + std::to_string(i), c, config.qk_channels));
  }
  const std::size_t fuse = config.fuse_channels;
  w.conv_fuse = layer("conv_fuse.0", c * (config.attention_layers + 1), fuse,
                      {.bias = false, .norm = "conv_fuse.1"});
  w.linear[0] = layer("linear1", fuse, head1, {.bias = false, .norm = "bn6"});
  w.linear[1] = layer("linear2", head1, head2, {.bias = true, .norm = "bn7"});
  w.linear[2] = layer("linear3", head2, config.num_classes, {.bias = true, .norm = ""});
  reader.finish();
  return w;
}

void round_to_bf16(PctWeights& weights) {
  for (GroupingWeights& w : weights.gather_local) {
    for (Linear* layer : {&w.neighbor, &w.center, &w.second}) layer->round_to_bf16();
  }
  for (Linear* layer : {&weights.last_conv1, &weights.last_conv2, &weights.conv_fuse}) {
    layer->round_to_bf16();
  }
  for (OffsetAttentionWeights& w : weights.attention) {
    w.value.round_to_bf16();
    w.transform.round_to_bf16();
  }
}

}  // namespace ptattn
