#include "ptattn/tasks/inspect/attention_map.hpp"

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
#include "ptattn/tasks/segment/segment.hpp"
#include "test_clouds.hpp"

namespace ptattn::test {
namespace {

using testing::Each;
using testing::HasSubstr;

constexpr std::size_t kTokens = 64;

/// Knows two classes, and lets its first points attend to each other.
class FakeNetwork final : public Classifier {
 public:
  std::size_t class_count() const override { return 2; }
  std::vector<AttentionLayer> attention_layers() const override { return {{"a"}}; }
  Matrix logits(MatrixView points, const Trace& trace) const override {
    reporting(points.rows_range(0, kTokens), {{"a", groups_of(random_weights(kTokens, 1))}})(trace);
    seen.assign(points.data, points.data + points.rows * points.cols);
    Matrix scores(1, 2);
    scores(0, 0) = 0.0F;
    scores(0, 1) = std::log(3.0F);
    return scores;
  }
  mutable std::vector<float> seen;
};

/// What the model was shown last.
const std::vector<float>& seen_by(const ClassifierModel& model) {
  return dynamic_cast<const FakeNetwork&>(*model.network).seen;
}

ClassifierModel fake_model() {
  ClassifierModel model;
  model.description.name = "fake";
  model.description.classes = {"table", "chair"};
  model.network = std::make_unique<FakeNetwork>();
  return model;
}

const AttentionQuery kMean{.choice = {.layers = {{"a", 1}}}};

TEST(attention_map, tokens_keep_their_weights) {
  const std::vector<Position> points = lopsided_points(1024);
  AttentionQuery query = kMean;
  query.point = 5;
  const AttentionResult result = attention_map(fake_model(), cloud_of(points), query);
  ASSERT_EQ(result.tokens.size(), kTokens);
  ASSERT_EQ(result.points.size(), 1024U);
  ASSERT_TRUE(result.query);
  EXPECT_EQ(result.nearest_points[*result.query], 5U);
  const Matrix weights = random_weights(kTokens, 1);
  for (std::size_t i = 0; i < kTokens; ++i) {
    EXPECT_EQ(result.nearest_points[i], i);  // 1024 points are a sample in file order
    EXPECT_EQ(result.tokens[i], weights(5, i));
    EXPECT_EQ(result.points[i], weights(5, i));
  }
  const auto [low, high] = std::ranges::minmax(result.tokens);
  for (const float weight : result.points) {
    EXPECT_GE(weight, low);
    EXPECT_LE(weight, high * 1.0001F);
  }
  EXPECT_NEAR(result.probabilities[1], 0.75, 1e-6);
  EXPECT_EQ(result.picture.tokens, 0U);
}

TEST(attention_map, without_a_query_the_mean) {
  const AttentionResult result =
      attention_map(fake_model(), cloud_of(lopsided_points(2000)), kMean);
  EXPECT_FALSE(result.query);
  EXPECT_NEAR(std::accumulate(result.tokens.begin(), result.tokens.end(), 0.0), 1.0, 1e-5);
  const Matrix weights = random_weights(kTokens, 1);
  double column = 0.0;
  for (std::size_t i = 0; i < kTokens; ++i) column += weights(i, 9) / kTokens;
  EXPECT_NEAR(result.tokens[9], column, 1e-6);
}

TEST(attention_map, points_that_are_not_finite_get_nothing) {
  std::vector<Position> points = lopsided_points(500);
  const AttentionResult expected = attention_map(fake_model(), cloud_of(points), kMean);
  points.insert(points.begin() + 3, {0, std::numeric_limits<double>::quiet_NaN(), 0});
  points.push_back({std::numeric_limits<double>::infinity(), 0, 0});
  AttentionQuery query = kMean;
  const AttentionResult result = attention_map(fake_model(), cloud_of(points), query);
  ASSERT_EQ(result.points.size(), 502U);
  EXPECT_EQ(result.points[3], 0.0F);
  EXPECT_EQ(result.points[501], 0.0F);
  for (std::size_t i = 0; i < 500; ++i) {
    ASSERT_EQ(result.points[i < 3 ? i : i + 1], expected.points[i]) << i;
  }
  EXPECT_EQ(result.nearest_points[2], 2U);
  EXPECT_EQ(result.nearest_points[3], 4U);
}

TEST(attention_map, places_are_in_the_clouds_own_coordinates) {
  std::vector<Position> points = lopsided_points(1024);
  AttentionQuery query = kMean;
  query.point = 40;
  const AttentionResult expected = attention_map(fake_model(), cloud_of(points), query);
  for (Position& p : points) p = {1000 * p[0] + 6.5e8, 1000 * p[2] - 2e6, -1000 * p[1] + 1e6};
  query.up = Axis::kY;
  const AttentionResult result = attention_map(fake_model(), cloud_of(points), query);
  EXPECT_EQ(result.query, expected.query);
  EXPECT_EQ(result.tokens, expected.tokens);
  for (std::size_t i = 0; i < 1024; ++i) {
    EXPECT_NEAR(result.points[i], expected.points[i], 1e-4F) << i;
  }
}

TEST(attention_map, the_network_sees_what_classify_sees) {
  std::vector<Position> points = lopsided_points(300);
  for (Position& p : points) p = {p[0], p[2], -p[1]};
  const ClassifierModel model = fake_model();
  (void)classify(model, cloud_of(points), {.up = Axis::kY});
  const std::vector<float> expected = seen_by(model);
  AttentionQuery query = kMean;
  query.up = Axis::kY;
  EXPECT_EQ(attention_map(model, cloud_of(points), query).up, Axis::kY);
  EXPECT_EQ(seen_by(model), expected);
}

TEST(attention_map, the_picture_comes_along) {
  AttentionQuery query = kMean;
  query.picture_cells = 16;
  const AttentionResult result = attention_map(fake_model(), cloud_of(lopsided_points(300)), query);
  EXPECT_EQ(result.picture.tokens, kTokens);
  EXPECT_EQ(result.picture.cells.rows(), 16U);
}

TEST(attention_map, duplicates_share_their_weight) {
  // Five places, each forty times: tokens coincide.
  std::vector<Position> points(200);
  for (std::size_t i = 0; i < 200; ++i) points[i] = lopsided_points(5)[i % 5];
  const AttentionResult result = attention_map(fake_model(), cloud_of(points), kMean);
  for (std::size_t i = 5; i < 200; ++i) EXPECT_EQ(result.points[i], result.points[i % 5]);
  EXPECT_THAT(result.points, Each(testing::Gt(0.0F)));
}

TEST(attention_map, too_few_points_are_an_input_error) {
  try {
    (void)attention_map(fake_model(), cloud_of(lopsided_points(127)), kMean);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kInput);
    EXPECT_THAT(error.what(), HasSubstr("cloud: has 127 points"));
  }
}

TEST(attention_map, same_bytes_for_any_thread_count) {
  const PointCloud cloud = cloud_of(lopsided_points(20'000));
  const auto with_threads = [&](int threads) {
    const ThreadLimit limit(threads);
    return attention_map(fake_model(), cloud, kMean).points;
  };
  EXPECT_EQ(with_threads(1), with_threads(8));
}

/// Labels voxels by their number, and lets voxel i attend to voxel i + 1 alone, in two heads.
class RingNetwork final : public PointNetwork {
 public:
  std::size_t in_channels() const override { return 1; }
  std::size_t out_channels() const override { return 2; }
  bool labels_points() const override { return true; }
  std::size_t category_count() const override { return 3; }
  std::vector<AttentionLayer> attention_layers() const override { return {{"ring", 2}}; }
  PointOutput forward(const PointInput& input, const Trace& trace) const override {
    category = input.category;
    ++calls;
    const std::size_t n = input.positions.rows;
    for (std::uint32_t i = 0; trace.wants_attention("ring") && i < n; ++i) {
      const auto next = static_cast<std::uint32_t>((i + 1) % n);
      const float weight = 1.0F;
      for (const std::size_t head : {0U, 1U}) {
        trace.attention({"ring", head, input.positions, {&i, 1}, {&next, 1}, {&weight, 1, 1, 1}});
      }
    }
    PointOutput output{Matrix(n, 2), {}};
    for (std::size_t i = 0; i < n; ++i) {
      output.values(i, 0) = 0.0F;
      output.values(i, 1) = i == 0 ? std::log(3.0F) : -1.0F;
    }
    return output;
  }
  mutable std::optional<std::size_t> category;
  mutable std::size_t calls = 0;
};

SegmenterModel ring_model() {
  SegmenterModel model;
  model.description.name = "ring";
  model.description.classes = {"low", "high"};
  model.description.preprocessing.voxel = 1.0;
  model.description.preprocessing.channels = {{ChannelKind::kPosition, 2}};
  model.network = std::make_unique<RingNetwork>();
  return model;
}

/// A point in each of five voxels in a row, in georeferenced coordinates, and one nowhere.
PointCloud voxel_line() {
  std::vector<Position> points;
  for (int i = 0; i < 5; ++i) points.push_back({7e5 + i + 0.25, 6e6, 10.0});
  points.insert(points.begin() + 3, {std::numeric_limits<double>::quiet_NaN(), 0, 0});
  return cloud_of(points);
}

TEST(attention_map_of_points, voxels_are_the_tokens) {
  const SegmenterModel model = ring_model();
  AttentionQuery query{.choice = {.layers = {{"ring", 2}}}, .point = 0, .category = 2};
  const AttentionResult result = attention_map(model, voxel_line(), query);
  EXPECT_THAT(result.tokens, testing::ElementsAre(0, 1, 0, 0, 0));
  EXPECT_THAT(result.points, testing::ElementsAre(0, 1, 0, 0, 0, 0));
  EXPECT_THAT(result.nearest_points, testing::ElementsAre(0, 1, 2, 4, 5));
  EXPECT_EQ(result.query, 0U);
  ASSERT_EQ(result.probabilities.size(), 2U);
  EXPECT_NEAR(result.probabilities[1], 0.75, 1e-6) << "of the point that looks";
  EXPECT_EQ(result.up, Axis::kZ);
  EXPECT_EQ(dynamic_cast<const RingNetwork&>(*model.network).category, 2U);
  query.point = 5;
  EXPECT_THAT(attention_map(model, voxel_line(), query).points,
              testing::ElementsAre(1, 0, 0, 0, 0, 0));
}

TEST(attention_map_of_points, without_a_query_nothing_is_labelled) {
  const AttentionQuery query{
      .choice = {.layers = {{"ring", 2}}}, .picture_cells = 5, .category = 1};
  const SegmenterModel model = ring_model();
  const AttentionResult result = attention_map(model, voxel_line(), query);
  EXPECT_EQ(dynamic_cast<const RingNetwork&>(*model.network).category, 1U);
  EXPECT_THAT(result.tokens, Each(testing::FloatNear(0.2F, 1e-6F)));
  EXPECT_TRUE(result.probabilities.empty());
  EXPECT_EQ(result.picture.tokens, 5U);
}

TEST(attention_map_of_points,
     one_pass_gives_the_attention_and_the_classes_of_the_point_that_looks) {
  const SegmenterModel model = ring_model();
  const auto& network = dynamic_cast<const RingNetwork&>(*model.network);
  AttentionQuery query{.choice = {.layers = {{"ring", 2}}}, .point = 1, .category = 2};
  const AttentionResult result = attention_map(model, voxel_line(), query);
  EXPECT_EQ(network.calls, 1U);
  const Segmentation labels =
      segment(model, voxel_line(), {.probabilities = true, .category = query.category});
  for (std::size_t c = 0; c < 2; ++c) {
    EXPECT_EQ(result.probabilities[c], labels.probabilities(1, c));
  }
  query.category = 3;
  EXPECT_THROW((void)attention_map(model, voxel_line(), query), Error);
}

TEST(attention_map_of_points, empty_clouds_are_an_input_error) {
  const AttentionQuery query{.choice = {.layers = {{"ring", 2}}}};
  for (const std::size_t n : {0U, 1U}) {
    const std::vector<Position> nowhere(n, {std::nan(""), 0, 0});
    try {
      (void)attention_map(ring_model(), cloud_of(nowhere), query);
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::kInput);
    }
  }
  const AttentionResult one = attention_map(ring_model(), cloud_of({{1, 2, 3}}), query);
  EXPECT_THAT(one.points, testing::ElementsAre(1.0F));
}

TEST(attention_map, only_points_of_the_cloud_can_look) {
  std::vector<Position> points = lopsided_points(200);
  points[7][2] = std::nan("");
  AttentionQuery query = kMean;
  for (const std::size_t point : {7U, 200U}) {
    query.point = point;
    try {
      (void)attention_map(fake_model(), cloud_of(points), query);
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::kUsage);
      EXPECT_THAT(error.what(), HasSubstr("point " + std::to_string(point) + ": cannot look"));
    }
  }
}

TEST(nearest_point, leaves_out_what_is_nowhere) {
  const std::vector<Position> points{{std::nan(""), 0, 0}, {5, 0, 0}, {1, 1, 0}, {1, 1, 0}};
  EXPECT_EQ(nearest_point(points, {0, 0, 0}), 2U);
  EXPECT_EQ(nearest_point(points, {9, 9, 0}), 1U);
  EXPECT_EQ(nearest_point(std::span(points).first(1), {0, 0, 0}), std::nullopt);
}

}  // namespace
}  // namespace ptattn::test
