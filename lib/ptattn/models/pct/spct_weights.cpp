#include <string>

#include "ptattn/models/files/weight_reader.hpp"
#include "ptattn/models/pct/attention_weights.hpp"
#include "ptattn/models/pct/spct.hpp"

namespace ptattn {

SpctWeights read_spct_weights(const SpctConfig& config, const WeightSource& source) {
  WeightReader reader(source, config.norm_eps);
  const auto layer = [&](const char* name, std::size_t in, std::size_t out,
                         const LayerParts& parts) { return reader.dense(name, in, out, parts); };
  const std::size_t c = config.embed_channels;
  const std::size_t fuse = config.fuse_channels;
  const std::size_t label = config.label_channels;
  const auto& [head1, head2] = config.head_channels;

  SpctWeights w;
  w.conv1 = Linear(layer("conv1", config.in_channels, c, {.bias = false, .norm = "bn1"}));
  w.conv2 = Linear(layer("conv2", c, c, {.bias = false, .norm = "bn2"}));
  for (std::size_t i = 1; i <= config.attention_layers; ++i) {
    w.attention.push_back(
        read_offset_attention(reader, "sa" + std::to_string(i), c, config.qk_channels));
  }
  w.conv_fuse = Linear(layer("conv_fuse.0", c * config.attention_layers, fuse,
                             {.bias = false, .norm = "conv_fuse.1"}));
  w.label_conv = Linear(
      layer("label_conv.0", config.num_categories, label, {.bias = false, .norm = "label_conv.1"}));
  const DenseWeights convs1 =
      layer("convs1", 3 * fuse + label, head1, {.bias = true, .norm = "bns1"});
  w.convs1_point = Linear(input_part(convs1, 0, fuse, false));
  w.convs1_cloud = Linear(input_part(convs1, fuse, 2 * fuse + label, true));
  w.convs2 = Linear(layer("convs2", head1, head2, {.bias = true, .norm = "bns2"}));
  w.convs3 = Linear(layer("convs3", head2, config.num_classes, {.bias = true, .norm = ""}));
  reader.finish();
  return w;
}

}  // namespace ptattn
