#include "ptattn/tasks/transfer/transfer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/tasks/geometry/neighbor_vote.hpp"

namespace ptattn::test {
namespace {

using testing::ElementsAre;
using Points = std::vector<Position>;

Points on_a_line(std::initializer_list<double> xs) {
  Points points;
  for (const double x : xs) points.push_back({x, 0, 0});
  return points;
}

/// Ground below z = 1 and bushes above it, without order in x and y: height tells, nearness across
/// does not.
struct Layers {
  Points points;
  std::vector<std::uint32_t> classes;

  Layers(std::size_t n, std::uint64_t seed) {
    Random random(seed);
    for (std::size_t i = 0; i < n; ++i) {
      const bool bush = random.uniform() < 0.5;
      points.push_back({30.0 * random.uniform(), 30.0 * random.uniform(),
                        bush ? 1.2 + 0.3 * random.uniform() : 0.8 * random.uniform()});
      classes.push_back(bush ? 5U : 2U);
    }
  }
};

double share_right(const Transferred& result, const Layers& known, const Layers& truth) {
  double right = 0.0;
  for (std::size_t i = 0; i < result.winner.size(); ++i) {
    right += known.classes[result.winner[i]] == truth.classes[i] ? 1.0 : 0.0;
  }
  return right / static_cast<double>(result.winner.size());
}

TEST(vote, hand_computed) {
  const std::vector<std::uint32_t> classes{7, 8, 7, 9};
  const std::vector<std::uint32_t> list{1, 0, 2, 3, kNoIndex};
  const std::vector<float> weights{0.4F, 0.3F, 0.2F, 0.1F, 0.0F};
  const NeighborVote vote = vote_of(list, weights, classes);
  EXPECT_EQ(vote.winner, 0U) << "7 has 0.5, and point 0 is its nearest";
  EXPECT_NEAR(vote.share, 0.5, 1e-6);
  // Shares: 8 has 0.4, 7 has 0.5, 9 has 0.1.
  EXPECT_NEAR(brier_score(list, weights, classes, 7), 0.16 + 0.25 + 0.01, 1e-6);
  EXPECT_NEAR(brier_score(list, weights, classes, 9), 0.16 + 0.25 + 0.81, 1e-6);
  EXPECT_NEAR(brier_score(list, weights, classes, 1), 0.16 + 0.25 + 0.01 + 1.0, 1e-6);
}

TEST(vote, equal_shares_go_to_the_nearest) {
  const std::vector<std::uint32_t> classes{7, 8};
  const std::vector<float> half{0.5F, 0.5F};
  EXPECT_EQ(vote_of(std::vector<std::uint32_t>{1, 0}, half, classes).winner, 1U);
  EXPECT_EQ(vote_of(std::vector<std::uint32_t>{0, 1}, half, classes).winner, 0U);
}

TEST(transfer, hand_computed) {
  // From 0: keys at 1 and 2 and 3, h = 1, relative weights 1, exp(-1.5), exp(-4).
  const Points keys = on_a_line({1, 2, 3});
  const Points query = on_a_line({0});
  const double a = std::exp(-1.5);
  const double b = std::exp(-4.0);
  const std::vector<double> values{10, 20, 40};
  const TransferOptions options{.neighborhood = {.k = 3}};
  const Transferred average =
      transfer({keys}, {.values = values}, {query}, {.bandwidth = 1.0}, options);
  EXPECT_NEAR(average.values[0], (10 + 20 * a + 40 * b) / (1 + a + b), 1e-5);
  EXPECT_TRUE(average.winner.empty());

  const std::vector<std::uint32_t> classes{4, 6, 6};
  const Transferred vote =
      transfer({keys}, {.classes = classes}, {query}, {.bandwidth = 1.0}, options);
  EXPECT_EQ(vote.winner[0], 0U);
  EXPECT_NEAR(vote.confidence[0], 1.0 / (1 + a + b), 1e-5);
  const Transferred wide =
      transfer({keys}, {.classes = classes}, {query}, {.bandwidth = 100.0}, options);
  EXPECT_EQ(wide.winner[0], 1U) << "two against one";
  EXPECT_NEAR(wide.confidence[0], 2.0 / 3.0, 1e-3);
}

TEST(transfer, heights_and_features_count_as_the_metric_says) {
  const Points keys{{1, 0, 0}, {0, 0, 0.6}};
  const Points query{{0, 0, 0}};
  const std::vector<std::uint32_t> classes{1, 2};
  const auto winner = [&](const TransferMetric& metric, MatrixView of_keys, MatrixView of_query) {
    return transfer({keys, of_keys}, {.classes = classes}, {query, of_query}, metric, {}).winner[0];
  };
  EXPECT_EQ(winner({.bandwidth = 0.5}, {}, {}), 1U);
  EXPECT_EQ(winner({.bandwidth = 0.5, .vertical = 2.0}, {}, {}), 0U);
  Matrix of_keys(2, 1);
  of_keys(0, 0) = 5.0F, of_keys(1, 0) = 7.0F;
  Matrix of_query(1, 1);
  of_query(0, 0) = 5.0F;
  EXPECT_EQ(winner({.bandwidth = 0.5, .features = {0.0}}, of_keys, of_query), 1U);
  EXPECT_EQ(winner({.bandwidth = 0.5, .features = {1.0}}, of_keys, of_query), 0U);
}

TEST(transfer, nobody_within_the_radius_is_unknown) {
  const Points keys = on_a_line({0, 1});
  const Points queries = on_a_line({0.5, 9});
  const TransferOptions options{.neighborhood = {.k = 2, .radius = 1.0}};
  const Transferred votes = transfer({keys}, {.classes = std::vector<std::uint32_t>{3, 3}},
                                     {queries}, {.bandwidth = 1.0}, options);
  EXPECT_THAT(votes.winner, ElementsAre(0U, kNoIndex));
  EXPECT_THAT(votes.confidence, ElementsAre(1.0F, 0.0F));
  const Transferred values = transfer({keys}, {.values = std::vector<double>{3, 5}}, {queries},
                                      {.bandwidth = 1.0}, options);
  EXPECT_NEAR(values.values[0], 4.0, 1e-6);
  EXPECT_TRUE(std::isnan(values.values[1]));
}

TEST(transfer, the_radius_is_as_the_crow_flies) {
  const Points keys{{0, 0, 0.9}};
  const Points query{{0, 0, 0}};
  const Transferred votes =
      transfer({keys}, {.classes = std::vector<std::uint32_t>{3}}, {query},
               {.bandwidth = 1.0, .vertical = 8.0}, {.neighborhood = {.k = 2, .radius = 1.0}});
  EXPECT_EQ(votes.winner[0], 0U);
}

TEST(transfer, where_no_weight_reaches_the_nearest_decides) {
  const Points keys = on_a_line({4, 7});
  const Transferred votes =
      transfer({keys}, {.classes = std::vector<std::uint32_t>{1, 2}}, {on_a_line({0, 9})},
               {.bandwidth = 0.1}, {.kernel = Kernel::kBoxcar});
  EXPECT_THAT(votes.winner, ElementsAre(0U, 1U));
  EXPECT_THAT(votes.confidence, ElementsAre(1.0F, 1.0F));
}

TEST(transfer, points_that_coincide_with_keys_take_what_they_have) {
  const Points keys = on_a_line({0, 0.1, 0.2, 5, 5});
  const TransferOptions options{};
  const Transferred votes = transfer({keys}, {.classes = std::vector<std::uint32_t>{1, 2, 2, 3, 4}},
                                     {keys}, {.bandwidth = 10.0}, options);
  EXPECT_THAT(votes.winner, ElementsAre(0U, 1U, 2U, 3U, 3U)) << "a tie goes to the first";
  EXPECT_THAT(votes.confidence, ElementsAre(1.0F, 1.0F, 1.0F, 0.5F, 0.5F));
  const Transferred values = transfer({keys}, {.values = std::vector<double>{1, 2, 3, 4, 8}},
                                      {keys}, {.bandwidth = 10.0}, options);
  EXPECT_THAT(values.values, ElementsAre(1.0, 2.0, 3.0, 6.0, 6.0));
}

TEST(learn_metric, finds_that_heights_tell_more) {
  const Layers known(1500, 1);
  const Layers all(4000, 2);
  const TransferPoints keys{known.points};
  const TransferOptions options{};
  const LearntMetric learnt = learn_metric(keys, {.classes = known.classes}, options);
  EXPECT_GE(learnt.metric.vertical, 4.0);
  const Transferred result =
      transfer(keys, {.classes = known.classes}, {all.points}, learnt.metric, options);
  const Transferred nearest =
      transfer(keys, {.classes = known.classes}, {all.points}, {}, {.neighborhood = {.k = 1}});
  EXPECT_GT(share_right(result, known, all), 0.98);
  EXPECT_LT(share_right(nearest, known, all), 0.92);
  EXPECT_NEAR(learnt.right, share_right(result, known, all), 0.02) << "leave-one-out is honest";
}

TEST(learn_metric, finds_which_features_tell) {
  Random random(3);
  Points points(800);
  std::vector<std::uint32_t> classes(800);
  Matrix features(800, 2);
  for (std::size_t i = 0; i < 800; ++i) {
    points[i] = {random.uniform(), random.uniform(), random.uniform()};
    classes[i] = static_cast<std::uint32_t>(random.below(2));
    features(i, 0) = static_cast<float>(random.uniform());  // says nothing
    features(i, 1) = static_cast<float>(classes[i]) + 0.2F * static_cast<float>(random.uniform());
  }
  const LearntMetric blind = learn_metric({points}, {.classes = classes}, {});
  const LearntMetric seeing = learn_metric({points, features}, {.classes = classes}, {});
  EXPECT_LT(blind.right, 0.6);
  EXPECT_GT(seeing.right, 0.98);
  EXPECT_GT(seeing.metric.features[1], 2.0 * seeing.metric.features[0]);
}

TEST(learn_metric, keeps_what_is_given) {
  const Layers known(300, 1);
  const LearntMetric learnt =
      learn_metric({known.points}, {.classes = known.classes}, {.bandwidth = 0.7, .vertical = 3.0});
  EXPECT_EQ(learnt.metric.bandwidth, 0.7);
  EXPECT_EQ(learnt.metric.vertical, 3.0);
}

TEST(learn_metric, values_are_judged_by_their_squared_error) {
  // Values 0 and 2 at a distance of 1: each is predicted by the other.
  const LearntMetric learnt =
      learn_metric({on_a_line({0, 1})}, {.values = std::vector<double>{0, 2}}, {});
  EXPECT_NEAR(learnt.loss, 4.0, 1e-9);
}

TEST(learn_metric, one_key_or_coinciding_keys_are_fine) {
  const LearntMetric one = learn_metric({on_a_line({3})}, {.values = std::vector<double>{7}}, {});
  EXPECT_EQ(one.loss, 0.0);
  const Transferred result = transfer({on_a_line({3})}, {.values = std::vector<double>{7}},
                                      {on_a_line({8})}, one.metric, {});
  EXPECT_EQ(result.values[0], 7.0);
  const LearntMetric same =
      learn_metric({on_a_line({2, 2, 2})}, {.classes = std::vector<std::uint32_t>{1, 1, 4}}, {});
  EXPECT_GT(same.metric.bandwidth, 0.0);
}

TEST(transfer, no_queries_no_answers) {
  EXPECT_TRUE(
      transfer({on_a_line({3})}, {.values = std::vector<double>{7}}, {}, {}, {}).values.empty());
}

TEST(transfer, same_bytes_for_any_thread_count) {
  const Layers known(3000, 1);
  const Layers all(9000, 2);
  const auto with_threads = [&](int threads) {
    const ThreadLimit limit(threads);
    const TransferOptions options{};
    const LearntMetric learnt = learn_metric({known.points}, {.classes = known.classes}, options);
    return transfer({known.points}, {.classes = known.classes}, {all.points}, learnt.metric,
                    options);
  };
  const Transferred one = with_threads(1);
  const Transferred eight = with_threads(8);
  EXPECT_EQ(one.winner, eight.winner);
  EXPECT_EQ(std::memcmp(one.confidence.data(), eight.confidence.data(), 9000 * sizeof(float)), 0);
}

TEST(transfer, refuses_what_makes_no_sense) {
  const Points keys = on_a_line({0, 1});
  const std::vector<std::uint32_t> classes{1, 2};
  const std::vector<double> values{1, 2};
  const auto run = [&](const TransferPoints& places, const TransferTargets& known,
                       const TransferMetric& metric, const TransferOptions& options) {
    (void)transfer(places, known, {on_a_line({5})}, metric, options);
  };
  EXPECT_THROW(run({}, {.classes = classes}, {}, {}), Error);
  EXPECT_THROW(run({keys}, {}, {}, {}), Error);
  EXPECT_THROW(run({keys}, {.classes = classes, .values = values}, {}, {}), Error);
  EXPECT_THROW(run({keys}, {.classes = std::vector<std::uint32_t>{1}}, {}, {}), Error);
  EXPECT_THROW(run({keys}, {.classes = classes}, {.vertical = 0.0}, {}), Error);
  EXPECT_THROW(run({keys}, {.classes = classes}, {.bandwidth = -1.0}, {}), Error);
  EXPECT_THROW(run({keys}, {.classes = classes}, {.features = {1.0}}, {}), Error);
  EXPECT_THROW(run({keys}, {.classes = classes}, {}, {.neighborhood = {.k = 0}}), Error);
  EXPECT_THROW(run({keys}, {.classes = classes}, {}, {.neighborhood = {.radius = -1.0}}), Error);
  EXPECT_THROW(run({keys, Matrix(3, 1)}, {.classes = classes}, {.features = {1.0}}, {}), Error);
}

}  // namespace
}  // namespace ptattn::test
