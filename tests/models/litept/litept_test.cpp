#include "ptattn/models/litept/litept.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "expect_error.hpp"
#include "golden_case.hpp"
#include "ptattn/models/registry.hpp"

namespace ptattn::test {
namespace {

Ptv3Config read(const std::string& json) {
  return read_litept_config(json, "config.json");
}

void expect_refused(const std::string& json, const std::string& problem) {
  expect_model_error([&] { (void)read(json); }, {"config.json: ", problem});
}

class LiteptGolden : public testing::TestWithParam<const char*> {};

TEST_P(LiteptGolden, agrees_with_the_published_implementation) {
  const GoldenCase golden =
      read_golden_case(std::string(PTATTN_TEST_DIR "/golden/") + GetParam() + ".json");
  const auto network = make_point_network(golden.architecture, golden.weights);
  for (const Comparison& c : compare(*network, golden.data)) {
    EXPECT_TRUE(c.compared) << c.name << ": " << c.note;
    EXPECT_LT(c.relative, 1e-5) << c.name;
  }
}

INSTANTIATE_TEST_SUITE_P(cases, LiteptGolden,
                         testing::Values("litept_tiny_seg", "litept_decoder_seg"));

TEST(litept_config, defaults_are_the_small_network) {
  const Ptv3Config config = read("{}");
  EXPECT_EQ(config.mode, Ptv3Mode::kLitept);
  ASSERT_EQ(config.encoder.size(), 5U);
  EXPECT_EQ(config.encoder[3].channels, 252U);
  EXPECT_TRUE(config.encoder[2].convolution);
  EXPECT_FALSE(config.encoder[2].attention);
  EXPECT_FALSE(config.encoder[3].convolution);
  EXPECT_TRUE(config.encoder[3].attention);
  EXPECT_EQ(config.encoder[4].rope_base, 100.0);
  for (const Ptv3Config::Stage& stage : config.decoder) EXPECT_EQ(stage.depth, 0U);
}

TEST(litept_config, reads_the_switches_of_each_stage) {
  const Ptv3Config config = read(R"({"enc_conv": [true, false, true, false, true],
    "enc_attn": [false, true, true, false, true], "enc_rope_freq": [1, 2.5, 100, 10, 1e4],
    "dec_conv": [false, true, true, true], "dec_attn": [true, false, false, true],
    "dec_rope_freq": [7, 100, 100, 100], "dec_channels": [72, 72, 144, 252]})");
  EXPECT_TRUE(config.encoder[0].convolution);
  EXPECT_FALSE(config.encoder[1].convolution);
  EXPECT_TRUE(config.encoder[1].attention);
  EXPECT_EQ(config.encoder[1].rope_base, 2.5);
  EXPECT_FALSE(config.decoder[0].convolution);
  EXPECT_TRUE(config.decoder[0].attention);
  EXPECT_EQ(config.decoder[0].rope_base, 7.0);
}

TEST(litept_config, refuses_switches_that_do_not_fit) {
  expect_refused(R"({"enc_conv": [true, false]})", "enc_conv does not have 5 items");
  expect_refused(R"({"dec_attn": [0, 0, 0, 0]})", "dec_attn is not made of true and false");
  expect_refused(R"({"enc_rope_freq": [100, 100, 0, 100, 100]})",
                 "enc_rope_freq is not made of numbers from 0.001 to 1e9");
  expect_refused(R"({"enc_rope_freq": [100, 100, "a", 100, 100]})", "enc_rope_freq");
  expect_model_error(
      [] {
        (void)read_ptv3_config(R"({"enc_conv": [true, true, true, true, true]})", Ptv3Mode::kBase,
                               "config.json");
      },
      {"enc_conv"});
}

TEST(litept_config, only_heads_that_attend_need_a_sixth) {
  EXPECT_EQ(read(R"({"enc_num_head": [3, 4, 8, 14, 28]})").encoder[0].heads, 3U);
  expect_refused(R"({"enc_num_head": [2, 4, 8, 12, 28]})", "multiple of 6");
}

TEST(litept, lists_the_blocks_that_attend) {
  const GoldenCase golden = read_golden_case(PTATTN_TEST_DIR "/golden/litept_tiny_seg.json");
  const auto network = make_point_network(golden.architecture, golden.weights);
  std::vector<std::string> names;
  for (const AttentionLayer& layer : network->attention_layers()) names.push_back(layer.name);
  EXPECT_THAT(names, testing::ElementsAre("enc.enc3.block0.attn", "enc.enc3.block1.attn",
                                          "enc.enc4.block0.attn"));
}

}  // namespace
}  // namespace ptattn::test
