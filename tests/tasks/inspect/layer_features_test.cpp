#include "ptattn/tasks/inspect/layer_features.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <utility>

#include "ptattn/cloud/orientation.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/tasks/classify/object_sample.hpp"
#include "test_clouds.hpp"

namespace ptattn::test {
namespace {

using testing::HasSubstr;

constexpr std::size_t kEvery = 4;

/// Tells of every fourth point where it is, and of all together one number.
class FakeNetwork final : public Classifier {
 public:
  std::size_t class_count() const override { return 1; }
  Matrix logits(MatrixView points, const Trace& trace) const override {
    const MatrixView tokens{points.data, (points.rows + kEvery - 1) / kEvery, 3,
                            kEvery * points.stride};
    Matrix out(1, 1);
    out(0, 0) = 7.0F;
    if (!trace) return out;
    trace("indices", Matrix(5, 1).view());
    trace("places", tokens, tokens);
    trace("whole", out);
    return out;
  }
};

ClassifierModel fake_model() {
  ClassifierModel model;
  model.description.name = "fake";
  model.description.classes = {"thing"};
  model.description.preprocessing.points = 512;
  model.network = std::make_unique<FakeNetwork>();
  return model;
}

/// Tells of every voxel where it is, and of the even ones as well.
class FakePointNetwork final : public PointNetwork {
 public:
  [[nodiscard]] std::size_t in_channels() const override { return 1; }
  [[nodiscard]] std::size_t out_channels() const override { return 1; }
  [[nodiscard]] bool labels_points() const override { return false; }
  [[nodiscard]] bool needs_grid() const override { return true; }
  [[nodiscard]] std::size_t category_count() const override { return categories; }
  [[nodiscard]] PointOutput forward(const PointInput& input, const Trace& trace) const override {
    ++calls;
    EXPECT_EQ(input.category.has_value(), categories > 0);
    const MatrixView all = input.positions;
    const MatrixView even{all.data, (all.rows + 1) / 2, 3, 2 * all.stride};
    if (trace) trace("voxels", all, all);
    if (trace) trace("even", even, even);
    return {Matrix(all.rows, 1), {}};
  }

  std::size_t categories = 0;
  mutable std::size_t calls = 0;
};

SegmenterModel fake_point_model(std::size_t categories = 0) {
  SegmenterModel model;
  model.description.name = "fake";
  model.description.preprocessing.voxel = 0.1;
  model.description.preprocessing.channels = {{ChannelKind::kPosition, 2}};
  auto network = std::make_unique<FakePointNetwork>();
  network->categories = categories;
  model.network = std::move(network);
  return model;
}

std::string refusal(std::string_view layer, const PointCloud& cloud) {
  try {
    (void)layer_features(fake_model(), layer, cloud);
  } catch (const Error& error) {
    return std::to_string(error.exit_code()) + " " + error.what();
  }
  return "accepted";
}

TEST(layer_features, layers_are_described) {
  const auto layers = layers_of(fake_model());
  ASSERT_EQ(layers.size(), 2U);
  EXPECT_EQ(layers[0].name, "places");
  EXPECT_EQ(layers[0].tokens, 128U);
  EXPECT_EQ(layers[0].channels, 3U);
  EXPECT_EQ(layers[1].name, "whole");
  EXPECT_EQ(layers[1].tokens, 0U);
  EXPECT_EQ(layers[1].channels, 1U);
}

TEST(layer_features, tokens_keep_their_values_and_others_lie_between) {
  const ClassifierModel model = fake_model();
  for (const Axis up : {Axis::kZ, Axis::kY}) {
    std::vector<Position> points = lopsided_points(3000);
    const Matrix features = layer_features(model, "places", cloud_of(points), up);
    ASSERT_EQ(features.rows(), points.size());
    for (Position& p : points) p = upright(p, up);
    const PreparedSample sample = prepare_sample(points, model.description.preprocessing, 0, 1);
    for (std::size_t t = 0; t < sample.chosen.size(); t += kEvery) {
      for (std::size_t axis = 0; axis < 3; ++axis) {
        ASSERT_EQ(features(sample.chosen[t], axis), sample.points(t, axis)) << t;
      }
    }
    const Matrix places = to_network(points, sample.transform);
    for (std::size_t i = 0; i < features.size(); ++i) {
      ASSERT_NEAR(features.values()[i], places.values()[i], 0.25) << i;
    }
  }
}

TEST(layer_features, points_that_are_not_finite_take_no_part) {
  std::vector<Position> points = lopsided_points(600);
  const Matrix clean = layer_features(fake_model(), "places", cloud_of(points));
  points.insert(points.begin() + 10, Position{std::numeric_limits<double>::quiet_NaN(), 0, 0});
  const Matrix holes = layer_features(fake_model(), "places", cloud_of(points));
  EXPECT_TRUE(std::ranges::equal(clean.values(), holes.values()));
}

TEST(layer_features, wrong_layers_and_tiny_clouds_are_refused) {
  const PointCloud cloud = cloud_of(lopsided_points(200));
  EXPECT_EQ(refusal("nothing", cloud), "2 fake: has no layer nothing");
  EXPECT_EQ(
      refusal("whole", cloud),
      "2 fake: layer whole describes the cloud as a whole, expected one that describes points");
  EXPECT_THAT(refusal("places", cloud_of(lopsided_points(1))),
              HasSubstr("3 cloud: has 1 points, at least 128"));
}

TEST(layer_features, of_a_model_over_points) {
  const SegmenterModel model = fake_point_model();
  std::vector<Position> points = lopsided_points(3000);
  const Position low{-1.5, -0.7, 0.0};  // the least coordinates, about
  points.insert(points.begin() + 7, Position{0, std::numeric_limits<double>::quiet_NaN(), 0});
  Remarks remarks;
  const Matrix features = layer_features(model, "voxels", cloud_of(points), {}, remarks);
  ASSERT_EQ(features.rows(), 3000U);
  ASSERT_EQ(features.cols(), 3U);
  points.erase(points.begin() + 7);
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      ASSERT_NEAR(features(i, axis) + low[axis], points[i][axis], 0.15) << i;
    }
  }
}

TEST(layer_features, tiles_give_what_the_whole_gives) {
  const SegmenterModel model = fake_point_model();
  const auto& network = dynamic_cast<const FakePointNetwork&>(*model.network);
  std::vector<Position> points = lopsided_points(4000);
  for (Position& p : points) p = {10 * p[0], 10 * p[1], 10 * p[2]};
  Remarks remarks;
  std::size_t told = 0;
  const auto run = [&](std::size_t most) {
    network.calls = 0;
    told = 0;
    return layer_features(model, "voxels", cloud_of(points), {.tiling = {.max_tile_voxels = most}},
                          remarks, [&](std::size_t done, std::size_t /*total*/) { told = done; });
  };
  const Matrix whole = run(0);
  EXPECT_EQ(network.calls, 1U);
  const Matrix tiled = run(800);
  EXPECT_GT(network.calls, 1U);
  EXPECT_EQ(told, points.size()) << "every point once";
  for (std::size_t i = 0; i < whole.size(); ++i) {
    ASSERT_NEAR(whole.values()[i], tiled.values()[i], 1e-5) << i;
  }
}

TEST(layer_features, points_apart_from_an_object_get_zeros) {
  const ClassifierModel model = load_classifier(PTATTN_SOURCE_DIR "/samples/models/pct-modelnet40");
  const PointCloud chair = read_cloud(PTATTN_SOURCE_DIR "/samples/clouds/chair_coloured.ply");
  const RawVector<Position> own = chair.positions();
  std::vector<Position> points(own.begin(), own.end());
  const Matrix clean = layer_features(model, "gather_local_0", cloud_of(points));
  for (int i = 0; i < 30; ++i) points.insert(points.begin(), {40.0 + 0.01 * i, 3.0, 2.0});
  Remarks remarks;
  const Matrix found =
      layer_features(model, "gather_local_0", cloud_of(points), Axis::kZ, &remarks);
  ASSERT_EQ(found.rows(), points.size());
  EXPECT_THAT(remarks.notes,
              testing::ElementsAre("30 of 1054 points lie apart from the object and are left out"));
  for (std::size_t i = 0; i < found.rows(); ++i) {
    for (std::size_t c = 0; c < found.cols(); ++c) {
      ASSERT_EQ(found(i, c), i < 30 ? 0.0F : clean(i - 30, c)) << i;
    }
  }
}

TEST(layer_features, categories_reach_the_network) {
  Remarks remarks;
  const SegmenterModel model = fake_point_model(3);
  const auto layers = layers_of(model);
  ASSERT_EQ(layers.size(), 2U);
  EXPECT_EQ(layers[1].name, "even");
  EXPECT_EQ(layers[1].channels, 3U);
  EXPECT_GT(layers[0].tokens, 100U);
  const Matrix features =
      layer_features(model, "even", cloud_of(lopsided_points(200)), {.category = 2}, remarks);
  EXPECT_EQ(features.rows(), 200U);
}

TEST(layer_features, same_bits_for_any_thread_count) {
  const PointCloud cloud = cloud_of(lopsided_points(20000));
  const auto run = [&](int threads) {
    const ThreadLimit limit(threads);
    return layer_features(fake_model(), "places", cloud);
  };
  const Matrix one = run(1);
  const Matrix eight = run(8);
  EXPECT_EQ(std::memcmp(one.data(), eight.data(), one.size() * sizeof(float)), 0);
}

}  // namespace
}  // namespace ptattn::test
