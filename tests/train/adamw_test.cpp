#include "ptattn/train/adamw.hpp"

#include <cmath>

#include <gmock/gmock.h>

#include "each_target.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/train/schedule.hpp"

namespace ptattn::test {
namespace {

using namespace train;

TEST(adam_w, takes_a_first_step_of_the_learning_rate_against_the_sign) {
  std::vector<float> w{1.0F, -2.0F};
  std::vector<float> g{0.3F, -5.0F};
  AdamW optimizer({{w, g}});
  optimizer.step(0.1);
  EXPECT_NEAR(w[0], 0.9F, 1e-6);  // m / sqrt(v) = sign(g) after the correction
  EXPECT_NEAR(w[1], -1.9F, 1e-6);
}

TEST(adam_w, follows_the_formula_over_two_steps) {
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

TEST(adam_w, follows_the_formula_for_every_value_and_on_every_cpu_level) {
  for_each_target([] {
    constexpr std::size_t kValues = 37;
    std::vector<float> w(kValues);
    std::vector<float> g(kValues);
    Random random(7);
    for (float& x : w) x = static_cast<float>(random.uniform() - 0.5);
    const std::vector<float> start = w;
    AdamW optimizer({{w, g, 1.0, 0.1}});
    std::vector<double> m(kValues);
    std::vector<double> v(kValues);
    std::vector<double> expected(start.begin(), start.end());
    for (int t = 1; t <= 3; ++t) {
      double squares = 0.0;
      for (std::size_t i = 0; i < kValues; ++i) {
        g[i] = static_cast<float>(random.uniform() - 0.5);
        squares += double{g[i]} * g[i];
        m[i] = 0.9 * m[i] + 0.1 * g[i];
        v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
        const double v_hat = v[i] / (1.0 - std::pow(0.999, t));
        expected[i] -= 0.01 * (0.1 * expected[i] +
                               m[i] / (1.0 - std::pow(0.9, t)) / (std::sqrt(v_hat) + 1e-8));
      }
      EXPECT_NEAR(optimizer.gradient_norm(), std::sqrt(squares), 1e-9);
      optimizer.step(0.01);
    }
    for (std::size_t i = 0; i < kValues; ++i) EXPECT_NEAR(w[i], expected[i], 1e-6);
  });
}

TEST(adam_w, decays_weights_without_a_gradient) {
  std::vector<float> w{2.0F};
  std::vector<float> g{0.0F};
  AdamW optimizer({{w, g, 0.5, 0.1}});
  optimizer.step(0.2);
  EXPECT_FLOAT_EQ(w[0], 2.0F * (1.0F - 0.2F * 0.5F * 0.1F));
}

TEST(adam_w, leaves_frozen_groups_alone) {
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

TEST(adam_w, clips_the_norm_of_all_groups_together) {
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

TEST(adam_w, is_the_same_bytes_for_any_thread_count) {
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

TEST(adam_w, refuses_gradients_that_do_not_fit) {
  std::vector<float> w(2);
  std::vector<float> g(3);
  EXPECT_THROW(AdamW({{w, g}}), Error);
}

TEST(learning_rate, rises_to_its_largest_and_falls_to_zero) {
  const Schedule schedule{.learning_rate = 0.1, .warmup = 0.2};
  EXPECT_NEAR(learning_rate(schedule, 0.1), 0.05, 1e-12);
  EXPECT_NEAR(learning_rate(schedule, 0.2), 0.1, 1e-12);
  EXPECT_NEAR(learning_rate(schedule, 0.6), 0.05, 1e-12);
  EXPECT_NEAR(learning_rate(schedule, 1.0), 0.0, 1e-12);
  EXPECT_GT(learning_rate(schedule, 0.0), 0.0);
}

TEST(average_weights, forgets_the_beginning_and_then_decays) {
  std::vector<float> average{0.0F};
  const std::vector<float> w{1.0F};
  average_weights(average, w, 0.99, 0);
  EXPECT_FLOAT_EQ(average[0], 0.9F);
  average[0] = 0.0F;
  average_weights(average, w, 0.99, 1'000'000);
  EXPECT_NEAR(average[0], 0.01F, 1e-6);
}

}  // namespace
}  // namespace ptattn::test
