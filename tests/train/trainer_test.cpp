#include "ptattn/train/trainer.hpp"

#include <algorithm>
#include <fstream>

#include <gmock/gmock.h>

#include "../io/temp_folder.hpp"
#include "linear_network.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/train/scene_stream.hpp"
#include "test_scenes.hpp"

namespace ptattn::test {
namespace {

using namespace train;

namespace fs = std::filesystem;

const LabelSpace kSpace{.classes = {"ground", "building"}, .exclusions = {{0}}};
constexpr std::size_t kChannels = 7;

/// A run in a folder of its own.
class TrainerRun : public testing::Test {
 protected:
  void SetUp() override {
    options_.steps = 12;
    options_.schedule.learning_rate = 0.05;
    options_.freeze_norms = 0.5;
  }

  [[nodiscard]] fs::path checkpoint() const { return folder_ / "checkpoint"; }
  /// Weights after a run that is stopped and loaded again after `stop` steps.
  [[nodiscard]] std::vector<float> run(std::uint64_t stop) const {
    {
      LinearNetwork network(kChannels, 2);
      Trainer trainer(network, stream_, kSpace, options_);
      while (trainer.steps() < stop) trainer.step();
      trainer.save(checkpoint());
    }
    LinearNetwork network(kChannels, 2);
    Trainer trainer(network, stream_, kSpace, options_);
    EXPECT_TRUE(trainer.load(checkpoint()));
    EXPECT_EQ(trainer.steps(), stop);
    while (!trainer.finished()) trainer.step();
    std::vector<float> result(trainer.averaged_values().begin(), trainer.averaged_values().end());
    std::ranges::copy(trainer.averaged_buffers(), std::back_inserter(result));
    std::ranges::copy(network.parameters().values(), std::back_inserter(result));
    return result;
  }

  const TempFolder folder_;
  TrainerOptions options_;
  SceneStream stream_{{village(80.0)}, kSpace, small_profile(), {.voxels = 1500}};
};

TEST_F(TrainerRun, learns_what_a_linear_network_can) {
  LinearNetwork network(kChannels, 2);
  options_.steps = 60;
  Trainer trainer(network, stream_, kSpace, options_);
  const double first = trainer.step().loss.total;
  double last = first;
  while (!trainer.finished()) last = trainer.step().loss.total;
  EXPECT_LT(last, 0.75 * first);
  EXPECT_EQ(trainer.steps(), 60U);
}

TEST_F(TrainerRun, blocks_learn_at_their_own_rate) {
  options_.weight_decay = 0.0;
  const auto moved_by = [&](double block_rate) {
    options_.block_rate = block_rate;
    LinearNetwork network(kChannels, 2);
    network.parameters().mark_block(1);  // the biases
    Trainer trainer(network, stream_, kSpace, options_);
    trainer.step();
    const auto& list = network.parameters().parameters();
    return std::pair(list[0].value[0], list[1].value[0]);
  };
  const auto [weight, bias] = moved_by(1.0);
  const auto [same_weight, slow_bias] = moved_by(0.125);
  EXPECT_EQ(same_weight, weight);
  EXPECT_NE(bias, 0.0F);
  EXPECT_FLOAT_EQ(slow_bias, 0.125F * bias);
}

TEST_F(TrainerRun, leaves_the_same_bytes_wherever_it_was_stopped) {
  const std::vector<float> whole = run(0);
  EXPECT_EQ(run(3), whole);
  EXPECT_EQ(run(9), whole);  // after the statistics were frozen
}

TEST_F(TrainerRun, leaves_the_same_bytes_for_any_thread_count) {
  const auto with = [&](int threads) {
    const ThreadLimit limit(threads);
    return run(4);
  };
  EXPECT_EQ(with(1), with(8));
}

TEST_F(TrainerRun, takes_the_mean_of_accumulated_batches) {
  options_.accumulate = 2;
  options_.clip = 1e9;
  LinearNetwork network(kChannels, 2);
  Trainer trainer(network, stream_, kSpace, options_);
  const StepReport both = trainer.step();
  const auto alone = [&](std::uint64_t batch) {
    LinearNetwork fresh(kChannels, 2);
    const Batch one = stream_.batch(batch);
    double loss = 0.0;
    fresh.step(one.input(), {}, [&](MatrixView logits, MutableMatrixView slope) {
      const std::size_t size = logits.rows * logits.cols;
      loss = scene_loss<float>({logits.data, size}, targets_of(one, kSpace), {}, {slope.data, size})
                 .total;
    });
    return loss;
  };
  EXPECT_NEAR(both.loss.total, 0.5 * (alone(0) + alone(1)), 1e-6);
}

TEST_F(TrainerRun, goes_on_from_the_state_before_where_the_last_is_torn) {
  LinearNetwork network(kChannels, 2);
  Trainer trainer(network, stream_, kSpace, options_);
  trainer.step();
  trainer.save(checkpoint());
  trainer.step();
  trainer.save(checkpoint());
  fs::resize_file(checkpoint(), fs::file_size(checkpoint()) - 5);
  Trainer again(network, stream_, kSpace, options_);
  ASSERT_TRUE(again.load(checkpoint()));
  EXPECT_EQ(again.steps(), 1U);
}

TEST_F(TrainerRun, has_nothing_to_go_on_from_in_an_empty_folder) {
  LinearNetwork network(kChannels, 2);
  Trainer trainer(network, stream_, kSpace, options_);
  EXPECT_FALSE(trainer.load(checkpoint()));
}

TEST_F(TrainerRun, refuses_the_state_of_another_network) {
  LinearNetwork network(kChannels, 2);
  Trainer(network, stream_, kSpace, options_).save(checkpoint());
  const LabelSpace space{.classes = {"a", "b", "c"}};
  LinearNetwork other(kChannels, 3);
  Trainer trainer(other, stream_, space, options_);
  EXPECT_THROW((void)trainer.load(checkpoint()), Error);
}

TEST_F(TrainerRun, keeps_the_best_weights_also_when_it_goes_on) {
  LinearNetwork network(kChannels, 2);
  Trainer trainer(network, stream_, kSpace, options_);
  trainer.step();
  EXPECT_TRUE(trainer.offer(0.5));
  const std::vector<float> best(trainer.averaged_values().begin(), trainer.averaged_values().end());
  trainer.step();
  EXPECT_FALSE(trainer.offer(0.5));
  trainer.save(checkpoint());
  LinearNetwork other(kChannels, 2);
  Trainer again(other, stream_, kSpace, options_);
  ASSERT_TRUE(again.load(checkpoint()));
  EXPECT_EQ(again.best_score().score, 0.5);
  EXPECT_EQ(again.best_score().step, 1U);
  EXPECT_EQ(again.best_score().validated, 2U);
  EXPECT_EQ(again.best_score().since, 1U);
  EXPECT_THAT(again.best_values(), testing::ElementsAreArray(best));
  EXPECT_THAT(again.averaged_values(), testing::Not(testing::ElementsAreArray(best)));
  again.step();
  EXPECT_TRUE(again.offer(0.6));
  EXPECT_THAT(again.best_values(), testing::ElementsAreArray(again.averaged_values()));
}

TEST_F(TrainerRun, freezes_statistics_from_the_progress_asked_for) {
  LinearNetwork network(kChannels, 2);
  Trainer trainer(network, stream_, kSpace, options_);
  while (!trainer.finished()) trainer.step();
  const float at_freezing = network.parameters().buffer_values()[0];
  EXPECT_LT(at_freezing, 6.0F);  // the average of 0 to 6 steps seen
  EXPECT_GT(at_freezing, 3.0F);
}

}  // namespace
}  // namespace ptattn::test
