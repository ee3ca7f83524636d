#include "ptattn/train/temperature_fit.hpp"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"

namespace ptattn::test {
namespace {

using namespace train;

Matrix even(std::size_t rows, std::size_t classes) {
  Matrix p(rows, classes);
  std::ranges::fill(p.values(), 1.0F / static_cast<float>(classes));
  return p;
}

/// Places whose items are right as often as their probabilities under the temperature of their
/// likeliest class say.
ConfidenceSample made_with(const std::vector<double>& temperatures, std::size_t places = 10) {
  ConfidenceSample sample;
  Random random(3);
  for (std::size_t place = 0; place < places; ++place) {
    Matrix p(4000, 2);
    std::vector<bool> right(p.rows());
    for (std::size_t i = 0; i < p.rows(); ++i) {
      const auto best = static_cast<std::size_t>(random.uniform() < 0.5);
      p(i, best) = static_cast<float>(0.5 + 0.5 * random.uniform());
      p(i, 1 - best) = 1.0F - p(i, best);
      std::vector<double> truth{p(i, 0), p(i, 1)};
      Temperature({temperatures[best]}).apply(truth, best);
      right[i] = random.uniform() < truth[best];
    }
    sample.add(
        p, [](std::size_t) { return true; }, [&](std::size_t i) { return right[i]; });
  }
  return sample;
}

TEST(fit_temperature, finds_the_one_that_was_used) {
  const ConfidenceSample sample = made_with({2.0, 2.0});
  const Temperature found = fit_temperature(sample);
  EXPECT_NEAR(found.of(0), 2.0, 0.1);
  EXPECT_NEAR(found.of(1), 2.0, 0.1);
  EXPECT_GT(reliability_of(sample, {}).expected_error(), 0.05);
  EXPECT_LT(reliability_of(sample, found).expected_error(), 0.01);
}

TEST(fit_temperature, tells_classes_apart_that_differ) {
  const Temperature found = fit_temperature(made_with({3.0, 0.7}));
  ASSERT_EQ(found.by_class().size(), 2U);
  EXPECT_NEAR(found.of(0), 3.0, 0.3);
  EXPECT_NEAR(found.of(1), 0.7, 0.1);
}

TEST(fit_temperature, is_the_same_for_any_thread_count) {
  const ConfidenceSample sample = made_with({1.5, 1.2}, 4);
  std::vector<double> found;
  for (const int threads : {1, 8}) {
    const ThreadLimit limit(threads);
    found.push_back(fit_temperature(sample).of(0));
  }
  EXPECT_EQ(found[0], found[1]);
}

TEST(fit_temperature, leaves_alone_what_tells_nothing) {
  EXPECT_TRUE(fit_temperature({}).is_one());
  ConfidenceSample perfect;
  perfect.add(
      even(100, 2), [](std::size_t) { return true; }, [](std::size_t) { return true; });
  EXPECT_TRUE(fit_temperature(perfect).is_one());
}

TEST(confidence_sample, keeps_an_evenly_spread_part_of_a_large_place) {
  Matrix p(20'000, 2);
  for (std::size_t i = 0; i < p.rows(); ++i) {
    p(i, 0) = static_cast<float>(i) / 20'000.0F;
    p(i, 1) = 1.0F - p(i, 0);
  }
  ConfidenceSample sample;
  sample.add(
      p, [](std::size_t i) { return i % 2 == 0; }, [](std::size_t i) { return i < 10'000; });
  ASSERT_EQ(sample.size(), ConfidenceSample::kMostOfPlace);
  EXPECT_EQ(sample.best(0), 1U);
  EXPECT_EQ(sample.best(sample.size() - 1), 0U);
  EXPECT_TRUE(sample.right(0));
  EXPECT_FALSE(sample.right(sample.size() - 1));
  EXPECT_NEAR(sample.probabilities(sample.size() / 2)[0], 0.5F, 0.001F);
  EXPECT_THROW(
      sample.add(
          Matrix(1, 3), [](std::size_t) { return true; }, [](std::size_t) { return true; }),
      Error);
}

}  // namespace
}  // namespace ptattn::test
