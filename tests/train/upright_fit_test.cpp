#include "ptattn/train/upright_fit.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "ptattn/core/random.hpp"

namespace ptattn::test {
namespace {

using namespace train;

constexpr std::size_t kClasses = 3;
constexpr std::size_t kDirections = 6;
const UprightEvidence kTrue({2.0, 0.0, -2.0}, -1.5);

std::vector<double> any_probabilities(Random& random) {
  std::vector<double> p(kClasses);
  for (double& x : p) x = -std::log(1.0 - random.uniform());
  const double sum = std::accumulate(p.begin(), p.end(), 0.0);
  for (double& x : p) x /= sum;
  return p;
}

/// Objects of which a direction drawn by the shares of kTrue is upright, and put first.
UprightSample drawn(std::size_t objects) {
  Random random(4);
  UprightSample sample{kClasses, kDirections};
  for (std::size_t i = 0; i < objects; ++i) {
    std::vector<std::vector<double>> p;
    std::vector<double> strangeness;
    std::vector<double> evidence;
    for (std::size_t a = 0; a < kDirections; ++a) {
      p.push_back(any_probabilities(random));
      strangeness.push_back(4.0 * random.uniform() - 2.0);
      evidence.push_back(kTrue.of(p.back(), strangeness.back()));
    }
    double left = random.uniform();
    std::size_t upright = 0;
    for (const double share : direction_shares(evidence)) {
      if ((left -= share) < 0.0 || upright + 1 == kDirections) break;
      ++upright;
    }
    std::swap(p[0], p[upright]);
    std::swap(strangeness[0], strangeness[upright]);
    for (const auto& one : p) {
      sample.probabilities.insert(sample.probabilities.end(), one.begin(), one.end());
    }
    sample.strangeness.insert(sample.strangeness.end(), strangeness.begin(), strangeness.end());
  }
  return sample;
}

TEST(upright_fit, finds_the_weights_that_drew_the_directions) {
  const UprightEvidence found = fit_upright_evidence(drawn(20'000));
  ASSERT_EQ(found.classes().size(), kClasses);
  // All weights of classes may grow by the same: the ridge makes their sum 0.
  EXPECT_NEAR(found.classes()[0], 2.0, 0.15);
  EXPECT_NEAR(found.classes()[1], 0.0, 0.15);
  EXPECT_NEAR(found.classes()[2], -2.0, 0.15);
  EXPECT_NEAR(found.strangeness(), -1.5, 0.05);
  const UprightSample sample = drawn(20'000);
  std::size_t below = 0;
  for (std::size_t i = 0; i < 20'000; ++i) {
    const std::span p(sample.probabilities.data() + i * kDirections * kClasses, kClasses);
    below += found.of(p, sample.strangeness[i * kDirections]) < found.usual().value() ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(below), 1000.0, 5.0);
}

TEST(upright_fit, stays_finite_where_the_strangeness_says_it_all) {
  UprightSample sample = drawn(200);
  for (std::size_t row = 0; row < sample.strangeness.size(); ++row) {
    sample.strangeness[row] = row % kDirections == 0 ? -3.0 : 3.0;
  }
  const UprightEvidence found = fit_upright_evidence(sample);
  ASSERT_FALSE(found.empty());
  EXPECT_LT(found.strangeness(), -0.5);
  EXPECT_GT(found.strangeness(), -100.0);
}

TEST(upright_fit, tells_nothing_of_few_objects) {
  EXPECT_TRUE(fit_upright_evidence({}).empty());
  EXPECT_TRUE(fit_upright_evidence(drawn(99)).empty());
  EXPECT_FALSE(fit_upright_evidence(drawn(100)).empty());
}

TEST(upright_evidence, shares_sum_to_one_and_follow_the_evidence) {
  const std::vector<double> shares = direction_shares(std::vector{1000.0, 1000.0 + std::log(3.0)});
  ASSERT_EQ(shares.size(), 2U);
  EXPECT_NEAR(shares[0], 0.25, 1e-12);
  EXPECT_NEAR(shares[1], 0.75, 1e-12);
}

}  // namespace
}  // namespace ptattn::test
