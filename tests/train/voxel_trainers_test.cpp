#include <cmath>
#include <filesystem>
#include <map>
#include <string>

#include <gmock/gmock.h>

#include "../io/temp_folder.hpp"
#include "network_checks.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/models/files/safetensors.hpp"
#include "ptattn/models/registry.hpp"
#include "ptattn/train/trainable_network.hpp"
#include "training_scene.hpp"

namespace ptattn::test {
namespace {

/// Two stages and more than one block in each; patches that borrow.
constexpr const char* kTiny = R"({"num_classes": 3, "in_channels": 5, "stride": [2, 2],
  "enc_depths": [2, 1, 2], "enc_channels": [8, 12, 16], "enc_num_head": [2, 3, 2],
  "enc_patch_size": [24, 24, 24], "dec_depths": [2, 1], "dec_channels": [8, 12],
  "dec_num_head": [2, 3], "dec_patch_size": [24, 24], "mlp_ratio": 2)";

ArchitectureConfig tiny(const std::string& more = "") {
  return {"ptv3m1", std::string(kTiny) + more + "}", "tiny"};
}

std::unique_ptr<train::TrainableNetwork> trainer(const std::string& more = "",
                                                 double drop_path = 0.0) {
  return train::make_trainable_network(tiny(more), {.seed = 4, .drop_path = drop_path});
}

void expect_scores_of_inference(train::TrainableNetwork& network, const ArchitectureConfig& config,
                                const TrainingScene& scene) {
  (void)loss_of_step(network, scene.input(), scene.rows());  // moves the running statistics
  const TempFolder folder;
  const std::filesystem::path file = folder / "scores.safetensors";
  network.parameters().save(file);
  const SafetensorsFile weights(file);
  const auto inference = make_point_network(config, weights);
  const PointOutput expected = inference->forward(scene.input());
  const Matrix scores = network.scores(scene.input());
  double largest = 0.0;
  double difference = 0.0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    largest = std::max(largest, std::abs(double{expected.values.data()[i]}));
    difference =
        std::max(difference, std::abs(double{expected.values.data()[i]} - scores.data()[i]));
  }
  EXPECT_GT(largest, 0.1);
  EXPECT_LT(difference, 1e-5 * largest);
}

void expect_scores_of_inference(const std::string& more) {
  expect_scores_of_inference(*trainer(more), tiny(more), TrainingScene({211, 20, 97}, 5, 1));
}

TEST(ptv3_trainer, scores_are_those_of_inference) {
  expect_scores_of_inference("");
}

TEST(ptv3_trainer, scores_are_those_of_inference_with_relative_tables) {
  expect_scores_of_inference(R"(, "enable_rpe": true, "qkv_bias": false)");
}

TEST(ptv3_trainer, scores_are_those_of_inference_with_patches_of_the_smallest_cloud) {
  expect_scores_of_inference(R"(, "patch_of_smallest_cloud": true)");
}

TEST(litept_trainer, scores_are_those_of_inference) {
  const ArchitectureConfig config{"litept", R"({"num_classes": 3, "in_channels": 5,
    "stride": [2, 2], "enc_depths": [1, 2, 2], "enc_channels": [8, 12, 24],
    "enc_num_head": [2, 2, 2], "enc_patch_size": [24, 24, 24], "enc_conv": [true, true, false],
    "enc_attn": [false, true, true], "enc_rope_freq": [100, 50, 20], "dec_depths": [1, 1],
    "dec_channels": [12, 12], "dec_num_head": [1, 2], "dec_patch_size": [24, 24],
    "dec_conv": [true, false], "dec_attn": [true, false], "dec_rope_freq": [30, 100]})",
                                  "tiny"};
  const auto network = train::make_trainable_network(config, {.seed = 4});
  const TrainingScene scene({211, 20, 97}, 5, 1);
  expect_scores_of_inference(*network, config, scene);
  expect_same_bytes_for_any_thread_count(*network, scene.input(), scene.rows());
}

TEST(volt_trainer, scores_are_those_of_inference) {
  const ArchitectureConfig config{"volt", R"({"num_classes": 3, "in_channels": 5,
    "embed_dim": 128, "depth": 2, "num_heads": 2, "mlp_ratio": 2, "up_mlp_dim": 12, "stride": 4,
    "kernel_size": 4})",
                                  "tiny"};
  const auto network = train::make_trainable_network(config, {.seed = 4, .drop_path = 0.3});
  const TrainingScene scene({611, 20, 297}, 5, 1);
  expect_scores_of_inference(*network, config, scene);
  expect_same_bytes_for_any_thread_count(*network, scene.input(), scene.rows());
}

TEST(ptv3_trainer, parameters_of_blocks_are_known_as_such) {
  const auto network = trainer();
  std::size_t of_blocks = 0;
  for (const train::Parameter& parameter : network->parameters().parameters()) {
    EXPECT_EQ(parameter.in_block, parameter.name.find(".block") != std::string::npos)
        << parameter.name;
    of_blocks += parameter.in_block ? 1 : 0;
  }
  EXPECT_GT(of_blocks, 0U);
}

TEST(ptv3_trainer, gradients_are_the_slopes_of_the_loss) {
  const auto network = trainer();
  const TrainingScene scene({70, 20, 45}, 5, 1);
  expect_gradients_are_slopes(*network, scene.input(), scene.rows(), 0.05);
}

TEST(ptv3_trainer, gradients_are_slopes_with_relative_tables_and_stochastic_depth) {
  const auto network = trainer(R"(, "enable_rpe": true)", 0.4);
  const TrainingScene scene({60, 30}, 5, 2);
  expect_gradients_are_slopes(*network, scene.input(), scene.rows(), 0.05);
}

TEST(ptv3_trainer, any_thread_count_gives_the_same_gradients) {
  const auto network = trainer(R"(, "enable_rpe": true)", 0.3);
  const TrainingScene scene({1500, 400}, 5, 3);
  expect_same_bytes_for_any_thread_count(*network, scene.input(), scene.rows());
}

TEST(ptv3_trainer, frozen_norms_keep_their_statistics) {
  const auto network = trainer();
  const TrainingScene scene({200}, 5, 1);
  const auto statistics = network->parameters().buffer_values();
  const std::vector<float> before(statistics.begin(), statistics.end());
  network->freeze_norm_statistics(true);
  (void)loss_of_step(*network, scene.input(), scene.rows());
  EXPECT_TRUE(std::ranges::equal(before, statistics));
  network->freeze_norm_statistics(false);
  (void)loss_of_step(*network, scene.input(), scene.rows());
  EXPECT_FALSE(std::ranges::equal(before, statistics));
}

TEST(ptv3_trainer, the_head_alone_learns_where_that_is_wanted) {
  const auto network = trainer();
  const TrainingScene scene({200}, 5, 1);
  (void)loss_of_step(*network, scene.input(), scene.rows());
  std::map<std::string, std::vector<float>> all;
  for (const auto& p : network->parameters().parameters()) {
    all[p.name].assign(p.gradient.begin(), p.gradient.end());
  }
  network->train_head_only(true);
  (void)loss_of_step(*network, scene.input(), scene.rows());
  for (const auto& p : network->parameters().parameters()) {
    if (p.is_head) {
      EXPECT_THAT(p.name, testing::StartsWith("seg_head."));
      EXPECT_TRUE(std::ranges::equal(p.gradient, all[p.name])) << p.name;
    } else {
      EXPECT_THAT(p.gradient, testing::Each(0.0F)) << p.name;
    }
  }
}

TEST(ptv3_trainer, what_it_cannot_train_is_refused) {
  EXPECT_THROW((void)trainer(R"(, "pre_norm": false)"), Error);
  EXPECT_THROW((void)trainer(R"(, "layer_scale": 0.1)"), Error);
  EXPECT_THROW((void)train::make_trainable_network({"no_such_network", "{}", "test"}, {}), Error);
  const auto network = trainer();
  const TrainingScene scene({30}, 4, 1);
  EXPECT_THROW((void)loss_of_step(*network, scene.input(), scene.rows()), Error);
}

}  // namespace
}  // namespace ptattn::test
