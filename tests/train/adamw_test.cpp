#include "ptattn/train/adamw.hpp"

#include <cmath>

#include <gmock/gmock.h>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/train/schedule.hpp"

namespace ptattn::train {
namespace {

TEST(AdamW, TakesAFirstStepOfTheLearningRateAgainstTheSign) {
  std::vector<float> w{1.0F, -2.0F};
  std::vector<float> g{0.3F, -5.0F};
  AdamW optimizer({{w, g}});
  optimizer.step(0.1);
  EXPECT_NEAR(w[0], 0.9F, 1e-6);  // m / sqrt(v) = sign(g) after the correction
  EXPECT_NEAR(w[1], -1.9F, 1e-6);
}

TEST(AdamW, FollowsTheFormulaOverTwoSteps) {
  std::vector<float> w{1.0F};
  std::vector<float> g{0.5F};
  AdamW optimizer({{w, g, 1.0, 0.1}});
  optimizer.step(0.01);
  g[0] = -0.25F;
  optimizer.step(0.02);
  const double first = 1.0 * (1 - 0.01 * 0.1) - 0.01;
  const double m = 0.9 * 0.1 * 0.5 + 0.1 * -0.25;
  const double v = 0.999 * 0.001 * 0.25 + 0.001 * 0.0625;
  const double m_hat = m / (1 - 0.81);
  const double v_hat = v / (1 - 0.999 * 0.999);
  EXPECT_NEAR(w[0], first * (1 - 0.02 * 0.1) - 0.02 * m_hat / (std::sqrt(v_hat) + 1e-8), 1e-6);
}

TEST(AdamW, DecaysWeightsWithoutAGradient) {
  std::vector<float> w{2.0F};
  std::vector<float> g{0.0F};
  AdamW optimizer({{w, g, 0.5, 0.1}});
  optimizer.step(0.2);
  EXPECT_FLOAT_EQ(w[0], 2.0F * (1.0F - 0.2F * 0.5F * 0.1F));
}

TEST(AdamW, LeavesFrozenGroupsAlone) {
  std::vector<float> w{1.0F};
  std::vector<float> frozen{1.0F};
  std::vector<float> g{3.0F};
  std::vector<float> of_frozen{4.0F};
  AdamW optimizer({{w, g}, {frozen, of_frozen, 0.0, 0.5}});
  EXPECT_DOUBLE_EQ(optimizer.gradient_norm(), 3.0);
  optimizer.step(0.1);
  EXPECT_EQ(frozen[0], 1.0F);
  EXPECT_LT(w[0], 1.0F);
}

TEST(AdamW, ClipsTheNormOfAllGroupsTogether) {
  std::vector<float> w(2);
  std::vector<float> a{3.0F};
  std::vector<float> b{4.0F};
  AdamW optimizer({{std::span(w).first(1), a}, {std::span(w).last(1), b}});
  EXPECT_DOUBLE_EQ(optimizer.clip_gradients(10.0), 5.0);
  EXPECT_EQ(a[0], 3.0F);
  EXPECT_DOUBLE_EQ(optimizer.clip_gradients(1.0), 5.0);
  EXPECT_FLOAT_EQ(a[0], 0.6F);
  EXPECT_FLOAT_EQ(b[0], 0.8F);
}

TEST(AdamW, IsTheSameBytesForAnyThreadCount) {
  const auto run = [](int threads) {
    const ThreadLimit limit(threads);
    Random random(3);
    std::vector<float> w(100'000);
    std::vector<float> g(w.size());
    for (float& x : g) x = static_cast<float>(random.uniform() - 0.5);
    AdamW optimizer({{w, g, 1.0, 0.05}});
    optimizer.clip_gradients(0.5);
    optimizer.step(0.01);
    optimizer.step(0.01);
    return w;
  };
  EXPECT_EQ(run(1), run(8));
}

TEST(AdamW, RefusesGradientsThatDoNotFit) {
  std::vector<float> w(2);
  std::vector<float> g(3);
  EXPECT_THROW(AdamW({{w, g}}), Error);
}

TEST(LearningRate, RisesToItsLargestAndFallsToZero) {
  const Schedule schedule{.learning_rate = 0.1, .warmup = 0.2};
  EXPECT_NEAR(learning_rate(schedule, 0.1), 0.05, 1e-12);
  EXPECT_NEAR(learning_rate(schedule, 0.2), 0.1, 1e-12);
  EXPECT_NEAR(learning_rate(schedule, 0.6), 0.05, 1e-12);
  EXPECT_NEAR(learning_rate(schedule, 1.0), 0.0, 1e-12);
  EXPECT_GT(learning_rate(schedule, 0.0), 0.0);
}

TEST(AverageWeights, ForgetsTheBeginningAndThenDecays) {
  std::vector<float> average{0.0F};
  const std::vector<float> w{1.0F};
  average_weights(average, w, 0.99, 0);
  EXPECT_FLOAT_EQ(average[0], 0.9F);
  average[0] = 0.0F;
  average_weights(average, w, 0.99, 1'000'000);
  EXPECT_NEAR(average[0], 0.01F, 1e-6);
}

}  // namespace
}  // namespace ptattn::train
