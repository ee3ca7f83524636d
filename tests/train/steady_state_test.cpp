// A step of training allocates nothing once another of its size went before. A program of its own,
// since it replaces the global operator new.

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "../models/counted_allocations.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/train/trainable_network.hpp"
#include "training_scene.hpp"

namespace ptattn::test {
namespace {

/// The fewest allocations of ten steps after ten that do not count: a thread that joins late brings
/// its memory along.
long allocations_of_a_step(const ArchitectureConfig& config, const PointInput& input, int threads) {
  const auto network = train::make_trainable_network(config, {.drop_path = 0.2});
  const train::LogitsLoss loss = [](MatrixView logits, MutableMatrixView d_logits) {
    for (std::size_t i = 0; i < logits.rows; ++i) {
      std::copy_n(logits.row(i), logits.cols, d_logits.row(i));
    }
  };
  const ThreadLimit limit(threads);
  ScratchMemory held;
  long fewest = std::numeric_limits<long>::max();
  for (std::uint64_t step = 0; step < 20; ++step) {
    const long before = allocations_so_far();
    network->parameters().clear_gradients();
    network->step(input, {1, step}, loss);
    if (step >= 10) fewest = std::min(fewest, allocations_so_far() - before);
  }
  return fewest;
}

void expect_none(const std::string& architecture, const std::string& hyper_parameters,
                 const PointInput& input) {
  for (const int threads : {1, 2}) {
    EXPECT_EQ(allocations_of_a_step({architecture, hyper_parameters, "test"}, input, threads), 0)
        << architecture << ", " << threads << " threads";
  }
}

TEST(training_step, allocates_nothing_in_the_steady_state) {
  const TrainingScene scene({700, 400}, 4, 1);
  const std::string stages = R"("in_channels": 4, "num_classes": 3, "stride": [2],
    "enc_depths": [1, 2], "enc_channels": [12, 24], "enc_num_head": [2, 2],
    "enc_patch_size": [64, 64], "dec_depths": [1], "dec_channels": [12], "dec_num_head": [2],
    "dec_patch_size": [64])";
  expect_none("ptv3m1", "{" + stages + R"(, "enable_rpe": true})", scene.input());
  expect_none("litept", "{" + stages + R"(, "enc_conv": [true, false], "enc_attn": [false, true],
                 "dec_conv": [true], "dec_attn": [true]})",
              scene.input());
  expect_none("volt", R"({"in_channels": 4, "num_classes": 3, "embed_dim": 64, "depth": 2,
                          "num_heads": 1, "up_mlp_dim": 8})",
              scene.input());
  Matrix clouds = random_matrix(6 * 128, 3, 2);
  std::vector<std::size_t> ends;
  for (std::size_t c = 1; c <= 6; ++c) ends.push_back(c * 128);
  expect_none("pct_cls",
              R"({"num_classes": 4, "embed_channels": 8,
                  "groups": [{"points": 64, "neighbors": 8, "channels": 16},
                             {"points": 32, "neighbors": 8, "channels": 16}],
                  "attention_layers": 2, "qk_channels": 4, "fuse_channels": 32,
                  "head_channels": [16, 16]})",
              PointInput{clouds, {}, {}, ends, {}});
}

}  // namespace
}  // namespace ptattn::test
