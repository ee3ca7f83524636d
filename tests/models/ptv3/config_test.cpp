#include "ptattn/models/ptv3/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "expect_error.hpp"
#include "ptattn/models/registry.hpp"
#include "ptv3_shapes.hpp"

namespace ptattn::test {
namespace {

using testing::ElementsAre;

Ptv3Config read(const std::string& json, Ptv3Mode mode = Ptv3Mode::kBase) {
  return read_ptv3_config(json, mode, "config.json");
}

void expect_refused(const std::string& json, const std::string& problem,
                    Ptv3Mode mode = Ptv3Mode::kBase) {
  expect_model_error([&] { (void)read(json, mode); }, {"config.json: ", problem});
}

const std::string kTwoStages =
    R"("enc_depths": [1, 2], "enc_channels": [6, 12], "enc_num_head": [1, 2], "stride": [2],
       "dec_depths": [1], "dec_channels": [6], "dec_num_head": [1], "dec_patch_size": [8])";

TEST(ptv3_config, defaults_are_the_published_network) {
  const Ptv3Config config = read("{}");
  EXPECT_EQ(config.in_channels, 6U);
  EXPECT_EQ(config.encoder.size(), 5U);
  EXPECT_EQ(config.encoder[3].depth, 6U);
  EXPECT_EQ(config.encoder[4].channels, 512U);
  EXPECT_EQ(config.decoder.size(), 4U);
  EXPECT_FALSE(config.layer_scale);
  EXPECT_FALSE(config.num_classes.has_value());
}

TEST(ptv3_config, reads_every_key) {
  EXPECT_EQ(read("{" + kTwoStages + "}").encoder[1].patch_size, 1024U);  // not said
  const Ptv3Config config = read(
      "{" + kTwoStages +
      R"(, "in_channels": 9, "enc_patch_size": [8, 16], "num_classes": 7, "order": ["hilbert", "z"],
      "enable_rpe": true, "layer_scale": 0.5, "mask_token": true, "qkv_bias": false, "mlp_ratio": 2,
      "rope_base": 100, "norm_eps": 1e-4, "patch_of_smallest_cloud": true,
      "stage_orders": [["z"], ["z-trans", "hilbert-trans"]], "pre_norm": false, "qk_scale": 0.25,
      "pdnorm_bn": false, "pdnorm_conditions": ["ScanNet"],
      "drop_path": 0.3, "shuffle_orders": true, "enable_flash": false, "traceable": true})");
  EXPECT_EQ(config.in_channels, 9U);
  EXPECT_EQ(config.num_classes, 7U);
  EXPECT_THAT(config.order, ElementsAre(Curve::kHilbert, Curve::kZ));
  EXPECT_THAT(orders_of(config, 1), ElementsAre(Curve::kZTrans, Curve::kHilbertTrans));
  ASSERT_EQ(config.encoder.size(), 2U);
  EXPECT_EQ(config.encoder[1].heads, 2U);
  EXPECT_EQ(config.encoder[1].patch_size, 16U);
  EXPECT_EQ(config.decoder[0].patch_size, 8U);
  EXPECT_TRUE(config.enable_rpe && config.layer_scale && config.mask_token);
  EXPECT_TRUE(config.patch_of_smallest_cloud);
  EXPECT_FALSE(config.qkv_bias);
  EXPECT_EQ(config.mlp_ratio, 2.0);
  EXPECT_EQ(config.rope_base, 100.0);
  EXPECT_EQ(config.qk_scale, 0.25);
  EXPECT_EQ(config.norm_order, NormOrder::kPost);
  EXPECT_EQ(config.norm_eps, 1e-4);
}

TEST(ptv3_config, relative_encoding_needs_the_same_patches_in_both_directions) {
  const std::string relative = "{" + kTwoStages + R"(, "enable_rpe": true, "enc_patch_size": )";
  expect_refused(relative + "[16, 8]}",
                 "dec_patch_size is not enc_patch_size, as enable_rpe needs");
  EXPECT_TRUE(read(relative + "[8, 16]}").enable_rpe);
}

TEST(ptv3_config, an_encoder_has_no_decoder) {
  const Ptv3Config config = read(R"({"enc_mode": true, "layer_scale": null, "qk_scale": null})");
  EXPECT_TRUE(config.decoder.empty());
  EXPECT_FALSE(config.layer_scale);
  EXPECT_EQ(config.qk_scale, 0.0);
  EXPECT_TRUE(read(R"({"cls_mode": true})").enc_mode);  // as older versions call it
  EXPECT_TRUE(read(R"({"cls_mode": true, "enc_mode": true})").enc_mode);
}

TEST(ptv3_config, one_order_needs_no_list) {
  EXPECT_THAT(read(R"({"order": "hilbert"})").order, ElementsAre(Curve::kHilbert));
}

TEST(ptv3_config, refuses_what_is_no_network) {
  expect_refused("[]", "not a JSON object");
  expect_refused(R"({"unknown": 1})", "unknown is not a known key");
  expect_refused(R"({"order": ["z", "peano"]})", "order is not an array");
  expect_refused(R"({"order": []})", "order is not an array");
  expect_refused(R"({"order": "peano"})", "order is not an array");
  expect_refused(R"({"enc_depths": []})", "enc_depths is empty");
  expect_refused(R"({"enc_depths": [1, 1]})", "stride");
  expect_refused(
      R"({"enc_depths": [1, 1], "stride": [2], "enc_mode": true, "enc_num_head": [5, 4]})",
      "multiple of enc_num_head");
  expect_refused(R"({"enc_channels": [32, 64]})", "enc_channels does not have 5 items");
  expect_refused(R"({"enc_channels": [33, 64, 128, 256, 512]})", "multiple of enc_num_head");
  expect_refused(R"({"enc_channels": [1e9, 64, 128, 256, 512]})", "enc_channels");
  expect_refused(R"({"enc_patch_size": [0, 1, 1, 1, 1]})", "enc_patch_size");
  expect_refused(R"({"stride": [2, 2]})", "stride does not have one item less");
  expect_refused(R"({"stride": [2, 3, 2, 2]})", "powers of two");
  expect_refused(R"({"dec_depths": [1, 1]})", "dec_");
  expect_refused(R"({"stage_orders": [["z"]]})", "one item for each");
  expect_refused(R"({"enc_mode": 1})", "neither true nor false");
  expect_refused(R"({"pre_norm": 0})", "neither true nor false");
  expect_refused(R"({"cls_mode": true, "enc_mode": false})", "cls_mode is the older name");
  expect_refused(R"({"pdnorm_bn": true})", "pdnorm_bn is true, expected false");
  expect_refused(R"({"qk_scale": "large"})", "qk_scale is not a number");
  expect_refused(R"({"layer_scale": "yes"})", "layer_scale is not a number");
  expect_refused(R"({"mlp_ratio": 1000})", "mlp_ratio");
  expect_refused(R"({})", "multiple of 6", Ptv3Mode::kUtonia);
  EXPECT_EQ(read(R"({"stride": [2, 3, 2, 2]})", Ptv3Mode::kSonata).stride[1], 3U);
}

void build(const FormulaWeights::Shapes& shapes, const std::string& more = "") {
  (void)make_point_network({"ptv3m1", "{" + kTwoStages + more + "}", "config.json"},
                           FormulaWeights(shapes, "", "weights"));
}

TEST(ptv3_weights, that_do_not_fit_are_named) {
  FormulaWeights::Shapes shapes = ptv3_shapes(read("{" + kTwoStages + "}"), 4);
  EXPECT_NO_THROW(build(shapes));
  expect_model_error([&] { build(shapes, R"(, "num_classes": 5)"); }, {"seg_head.weight [4, 6]"});
  expect_model_error([&] { build(shapes, R"(, "layer_scale": 1)"); }, {"missing", "ls1.0.gamma"});
  shapes.erase("enc.enc0.block0.cpe.0.weight");
  shapes["dec.dec0.up.proj.0.weight"] = {6, 13};
  shapes["seg_head.weight"] = {};
  shapes["enc.enc2.down.proj.bias"] = {3};
  expect_model_error([&] { build(shapes); },
                     {"missing enc.enc0.block0.cpe.0.weight",
                      "dec.dec0.up.proj.0.weight [6, 13] (expected [6, 12])", "seg_head.weight []",
                      "extra enc.enc2.down.proj.bias"});
}

TEST(ptv3_weights, may_carry_the_prefixes_of_trainers) {
  FormulaWeights::Shapes shapes;
  for (const auto& [name, shape] : ptv3_shapes(read("{" + kTwoStages + "}"), 4)) {
    shapes["module.backbone." + name] = shape;
  }
  EXPECT_NO_THROW(build(shapes));
}

}  // namespace
}  // namespace ptattn::test
