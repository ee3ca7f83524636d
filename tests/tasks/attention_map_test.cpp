#include "ptattn/tasks/attention_map.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <utility>

#include "attention_network.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "test_clouds.hpp"

namespace ptattn {
namespace {

using test::cloud_of;
using test::groups_of;
using test::lopsided_points;
using test::random_weights;
using test::reporting;
using ::testing::Each;
using ::testing::HasSubstr;

constexpr std::size_t kTokens = 64;

/// Knows two classes, and lets its first points attend to each other.
class FakeNetwork final : public Classifier {
 public:
  std::size_t class_count() const override { return 2; }
  std::vector<AttentionLayer> attention_layers() const override { return {{"a"}}; }
  Matrix logits(MatrixView points, const Trace& trace) const override {
    reporting(points.rows_range(0, kTokens), {{"a", groups_of(random_weights(kTokens, 1))}})(trace);
    Matrix scores(1, 2);
    scores(0, 0) = 0.0F;
    scores(0, 1) = std::log(3.0F);
    return scores;
  }
};

ClassifierModel fake_model() {
  ClassifierModel model;
  model.description.name = "fake";
  model.description.classes = {"table", "chair"};
  model.network = std::make_unique<FakeNetwork>();
  return model;
}

const AttentionQuestion kMean{.choice = {.layers = {{"a", 1}}}};

TEST(AttentionMap, TokensKeepTheirWeights) {
  const std::vector<Position> points = lopsided_points(1024);
  AttentionQuestion question = kMean;
  question.at = points[5];
  const AttentionAnswer answer = attention_map(fake_model(), cloud_of(points), "a.ply", question);
  ASSERT_EQ(answer.tokens.size(), kTokens);
  ASSERT_EQ(answer.points.size(), 1024U);
  ASSERT_TRUE(answer.query);
  EXPECT_EQ(answer.places[*answer.query], 5U);
  const Matrix weights = random_weights(kTokens, 1);
  for (std::size_t i = 0; i < kTokens; ++i) {
    EXPECT_EQ(answer.places[i], i);  // 1024 points are a sample in file order
    EXPECT_EQ(answer.tokens[i], weights(5, i));
    EXPECT_EQ(answer.points[i], weights(5, i));
  }
  const auto [low, high] = std::ranges::minmax(answer.tokens);
  for (const float weight : answer.points) {
    EXPECT_GE(weight, low);
    EXPECT_LE(weight, high * 1.0001F);
  }
  EXPECT_NEAR(answer.classification.probabilities[1], 0.75, 1e-6);
  EXPECT_EQ(answer.picture.tokens, 0U);
}

TEST(AttentionMap, WithoutAQueryTheMean) {
  const AttentionAnswer answer =
      attention_map(fake_model(), cloud_of(lopsided_points(2000)), "a.ply", kMean);
  EXPECT_FALSE(answer.query);
  EXPECT_NEAR(std::accumulate(answer.tokens.begin(), answer.tokens.end(), 0.0), 1.0, 1e-5);
  const Matrix weights = random_weights(kTokens, 1);
  double column = 0.0;
  for (std::size_t i = 0; i < kTokens; ++i) column += weights(i, 9) / kTokens;
  EXPECT_NEAR(answer.tokens[9], column, 1e-6);
}

TEST(AttentionMap, PointsThatAreNotFiniteGetNothing) {
  std::vector<Position> points = lopsided_points(500);
  const AttentionAnswer expected = attention_map(fake_model(), cloud_of(points), "a.ply", kMean);
  points.insert(points.begin() + 3, {0, std::numeric_limits<double>::quiet_NaN(), 0});
  points.push_back({std::numeric_limits<double>::infinity(), 0, 0});
  AttentionQuestion question = kMean;
  const AttentionAnswer answer = attention_map(fake_model(), cloud_of(points), "a.ply", question);
  ASSERT_EQ(answer.points.size(), 502U);
  EXPECT_EQ(answer.points[3], 0.0F);
  EXPECT_EQ(answer.points[501], 0.0F);
  for (std::size_t i = 0; i < 500; ++i) {
    ASSERT_EQ(answer.points[i < 3 ? i : i + 1], expected.points[i]) << i;
  }
  EXPECT_EQ(answer.places[2], 2U);
  EXPECT_EQ(answer.places[3], 4U);
}

TEST(AttentionMap, PlacesAreInTheCloudsOwnCoordinates) {
  std::vector<Position> points = lopsided_points(1024);
  AttentionQuestion question = kMean;
  question.at = points[40];
  const AttentionAnswer expected = attention_map(fake_model(), cloud_of(points), "a.ply", question);
  for (Position& p : points) p = {1000 * p[0] + 6.5e8, 1000 * p[2] - 2e6, -1000 * p[1] + 1e6};
  question.at = points[40];
  question.up = Axis::kY;
  const AttentionAnswer answer = attention_map(fake_model(), cloud_of(points), "a.ply", question);
  EXPECT_EQ(answer.query, expected.query);
  EXPECT_EQ(answer.tokens, expected.tokens);
  for (std::size_t i = 0; i < 1024; ++i) {
    EXPECT_NEAR(answer.points[i], expected.points[i], 1e-4F) << i;
  }
}

TEST(AttentionMap, ThePictureComesAlong) {
  AttentionQuestion question = kMean;
  question.picture_cells = 16;
  const AttentionAnswer answer =
      attention_map(fake_model(), cloud_of(lopsided_points(300)), "a.ply", question);
  EXPECT_EQ(answer.picture.tokens, kTokens);
  EXPECT_EQ(answer.picture.cells.rows(), 16U);
}

TEST(AttentionMap, DuplicatesShareTheirWeight) {
  // Five places, each forty times: tokens coincide.
  std::vector<Position> points(200);
  for (std::size_t i = 0; i < 200; ++i) points[i] = lopsided_points(5)[i % 5];
  const AttentionAnswer answer = attention_map(fake_model(), cloud_of(points), "a.ply", kMean);
  for (std::size_t i = 5; i < 200; ++i) EXPECT_EQ(answer.points[i], answer.points[i % 5]);
  EXPECT_THAT(answer.points, Each(::testing::Gt(0.0F)));
}

TEST(AttentionMap, TooFewPointsAreAnInputError) {
  try {
    (void)attention_map(fake_model(), cloud_of(lopsided_points(127)), "a.ply", kMean);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kInput);
    EXPECT_THAT(error.what(), HasSubstr("a.ply: has 127 points"));
  }
}

TEST(AttentionMap, SameBytesForAnyThreadCount) {
  const PointCloud cloud = cloud_of(lopsided_points(20'000));
  const auto with_threads = [&](int threads) {
    const ThreadLimit limit(threads);
    return attention_map(fake_model(), cloud, "a.ply", kMean).points;
  };
  EXPECT_EQ(with_threads(1), with_threads(8));
}

}  // namespace
}  // namespace ptattn
