#include "ptattn/models/transformer_weights.hpp"

#include <gtest/gtest.h>

#include <string>

#include "expect_error.hpp"
#include "formula_weights.hpp"

namespace ptattn::test {
namespace {

using Shapes = FormulaWeights::Shapes;

const TransformerConfig kSmall{
    .channels = 4, .heads = 2, .encoder_layers = 1, .decoder_layers = 2, .hidden = 6};

void add_layer(Shapes& shapes, const std::string& name, const std::string& layer) {
  const bool decoder = name == "decoder";
  for (const std::string attention : {"self_attn", "multihead_attn"}) {
    if (attention == "multihead_attn" && !decoder) continue;
    const std::string key = name + ".layers." + layer + "." + attention;
    shapes[key + ".in_proj_weight"] = {12, 4};
    shapes[key + ".in_proj_bias"] = {12};
    shapes[key + ".out_proj.weight"] = {4, 4};
    shapes[key + ".out_proj.bias"] = {4};
  }
  const std::string key = name + ".layers." + layer;
  shapes[key + ".linear1.weight"] = {6, 4};
  shapes[key + ".linear1.bias"] = {6};
  shapes[key + ".linear2.weight"] = {4, 6};
  shapes[key + ".linear2.bias"] = {4};
  for (const std::string norm : {".norm1", ".norm2", ".norm3"}) {
    if (norm == ".norm3" && !decoder) continue;
    shapes[key + norm + ".weight"] = shapes[key + norm + ".bias"] = {4};
  }
}

/// The state dict of a torch.nn.Transformer of kSmall.
Shapes small_shapes() {
  Shapes shapes;
  add_layer(shapes, "encoder", "0");
  add_layer(shapes, "decoder", "0");
  add_layer(shapes, "decoder", "1");
  for (const std::string stack : {"encoder", "decoder"}) {
    shapes[stack + ".norm.weight"] = shapes[stack + ".norm.bias"] = {4};
  }
  return shapes;
}

Transformer read(const Shapes& shapes, const TransformerConfig& config = kSmall) {
  return read_transformer_weights(config, FormulaWeights(shapes, "", "here"));
}

TEST(transformer_weights, every_part_is_read) {
  TransformerConfig config = kSmall;
  config.order = NormOrder::kPre;
  config.activation = Activation::kGelu;
  config.norm_eps = 1e-3;
  const Transformer w = read(small_shapes(), config);
  ASSERT_EQ(w.encoder.layers.size(), 1U);
  ASSERT_EQ(w.decoder.layers.size(), 2U);
  EXPECT_EQ(w.encoder.order, NormOrder::kPre);
  EXPECT_EQ(w.decoder.order, NormOrder::kPre);
  for (const DecoderLayer& layer : w.decoder.layers) {
    EXPECT_EQ(layer.self_attention.channels(), 4U);
    EXPECT_EQ(layer.memory_attention.heads, 2U);
    EXPECT_EQ(layer.feed_forward.first.weight.cols(), 6U);
    EXPECT_EQ(layer.feed_forward.activation, Activation::kGelu);
    EXPECT_EQ(layer.feed_forward_norm.gamma.size(), 4U);
  }
  ASSERT_TRUE(w.encoder.norm && w.decoder.norm);
  EXPECT_EQ(w.decoder.norm->eps, 1e-3);
  EXPECT_EQ(w.encoder.layers[0].attention_norm.eps, 1e-3);
}

TEST(transformer_weights, one_error_names_all_that_does_not_fit) {
  Shapes shapes = small_shapes();
  shapes.erase("encoder.layers.0.self_attn.in_proj_weight");
  shapes.erase("decoder.norm.bias");
  shapes["decoder.layers.1.multihead_attn.in_proj_bias"] = {8};
  shapes["decoder.layers.0.linear2.weight"] = {6, 4};
  shapes["decoder.layers.2.norm1.bias"] = {4};
  expect_model_error(
      [&] { (void)read(shapes); },
      {"here: ", "missing decoder.norm.bias, encoder.layers.0.self_attn.in_proj_weight;",
       "decoder.layers.0.linear2.weight [6, 4] (expected [4, 6])",
       "decoder.layers.1.multihead_attn.in_proj_bias [8] (expected [12])",
       "extra decoder.layers.2.norm1.bias"});
}

TEST(transformer_weights, heads_must_divide_the_channels) {
  TransformerConfig config = kSmall;
  for (const std::size_t heads : {0, 3}) {
    config.heads = heads;
    expect_error(Fault::kUsage, [&] { (void)read(small_shapes(), config); },
                 {"heads do not divide 4"});
  }
}

}  // namespace
}  // namespace ptattn::test
