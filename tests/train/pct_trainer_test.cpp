#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

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

const ArchitectureConfig kTiny{"pct_cls", R"({"num_classes": 4, "embed_channels": 6,
  "groups": [{"points": 20, "neighbors": 5, "channels": 8},
             {"points": 12, "neighbors": 4, "channels": 10}],
  "attention_layers": 2, "qk_channels": 4, "fuse_channels": 14, "head_channels": [9, 7]})",
                               "tiny"};

/// Clouds of normally distributed points.
struct Clouds {
  explicit Clouds(const std::vector<std::size_t>& sizes) {
    for (const std::size_t size : sizes) ends.push_back(size + (ends.empty() ? 0 : ends.back()));
    positions = random_matrix(ends.back(), 3, 9);
  }
  [[nodiscard]] PointInput input() const { return {positions, {}, {}, ends, {}}; }

  std::vector<std::size_t> ends;
  Matrix positions;
};

std::unique_ptr<train::TrainableNetwork> trainer(double dropout) {
  return train::make_trainable_network(kTiny, {.seed = 4, .dropout = dropout});
}

TEST(pct_trainer, scores_are_those_of_inference) {
  const auto network = trainer(0.5);
  const Clouds clouds({30, 25, 64, 33});
  (void)loss_of_step(*network, clouds.input(), 4);  // moves the running statistics
  const TempFolder folder;
  const std::filesystem::path file = folder / "scores.safetensors";
  network->parameters().save(file);
  const SafetensorsFile weights(file);
  EXPECT_THAT(*weights.shape("conv1.weight"), testing::ElementsAre(6, 3, 1));
  const auto inference = make_classifier(kTiny, weights);
  const Matrix scores = network->scores(clouds.input());
  std::size_t begin = 0;
  for (std::size_t c = 0; c < clouds.ends.size(); ++c) {
    const MatrixView cloud = clouds.positions.view().rows_range(begin, clouds.ends[c] - begin);
    const Matrix expected = inference->logits(cloud);
    for (std::size_t j = 0; j < 4; ++j) EXPECT_NEAR(scores(c, j), expected(0, j), 1e-5);
    begin = clouds.ends[c];
  }
}

TEST(pct_trainer, gradients_are_the_slopes_of_the_loss) {
  const auto network = trainer(0.3);
  const Clouds clouds({30, 25, 64, 33, 40, 31});
  expect_gradients_are_slopes(*network, clouds.input(), clouds.ends.size(), 0.01, 3e-4);
}

TEST(pct_trainer, any_thread_count_gives_the_same_gradients) {
  const auto network = trainer(0.3);
  const Clouds clouds({300, 250, 640, 330, 400, 310});
  expect_same_bytes_for_any_thread_count(*network, clouds.input(), clouds.ends.size());
}

TEST(pct_trainer, what_it_cannot_train_is_refused) {
  const auto network = trainer(0.0);
  const Clouds clouds({30, 19});
  EXPECT_THROW((void)loss_of_step(*network, clouds.input(), 2), Error);
}

}  // namespace
}  // namespace ptattn::test
