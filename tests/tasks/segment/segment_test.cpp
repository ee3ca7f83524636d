#include "ptattn/tasks/segment/segment.hpp"
#include "ptattn/tasks/segment/voxel_scores.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/tasks/geometry/object_views.hpp"
#include "test_clouds.hpp"

namespace ptattn::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Scores voxels one by one.
class VoxelwiseNetwork : public PointNetwork {
 public:
  VoxelwiseNetwork(std::size_t channels, std::size_t classes)
      : channels_(channels), classes_(classes) {}
  [[nodiscard]] std::size_t in_channels() const override { return channels_; }
  [[nodiscard]] std::size_t out_channels() const override { return classes_; }
  [[nodiscard]] bool labels_points() const override { return true; }
  [[nodiscard]] PointOutput forward(const PointInput& input, const Trace&) const override {
    PointOutput output{Matrix(input.features.rows, classes_), {}};
    for (std::size_t i = 0; i < input.features.rows; ++i) {
      score(input, i, output.values.row(i));
    }
    return output;
  }

 private:
  virtual void score(const PointInput& input, std::size_t voxel, float* scores) const = 0;

  std::size_t channels_;
  std::size_t classes_;
};

/// Scores its voxels by their mean heights: class 1 above 2, class 0 below, the more the surer.
class HeightNetwork final : public VoxelwiseNetwork {
 public:
  explicit HeightNetwork(float slope = 4.0F) : VoxelwiseNetwork(1, 2), slope_(slope) {}
  [[nodiscard]] bool needs_grid() const override { return true; }
  [[nodiscard]] PointOutput forward(const PointInput& input, const Trace& trace) const override {
    largest = std::max(largest, input.features.rows);
    ++calls;
    return VoxelwiseNetwork::forward(input, trace);
  }

  mutable std::size_t largest = 0;
  mutable std::size_t calls = 0;

 private:
  void score(const PointInput& input, std::size_t voxel, float* scores) const override {
    EXPECT_GE(input.grid[3 * voxel], 0);
    scores[0] = slope_ * (2.0F - input.features(voxel, 0));
    scores[1] = 0.0F;
  }

  float slope_;
};

double sigmoid(double x) {
  return 1.0 / (1.0 + std::exp(-x));
}

SegmenterModel height_model(float slope = 4.0F) {
  SegmenterModel model;
  model.description.name = "height";
  model.description.classes = {"low", "high"};
  model.description.preprocessing.voxel = 0.5;
  model.description.preprocessing.channels = {{ChannelKind::kPosition, 2}};
  model.network = std::make_unique<HeightNetwork>(slope);
  return model;
}

/// A level floor with points at height 0 and a table at height 4 over its middle.
PointCloud floor_and_table(std::size_t n) {
  Random random(3);
  std::vector<Position> points(n);
  for (Position& p : points) {
    p = {100.0 * random.uniform(), 60.0 * random.uniform(), 0.0};
    if (p[0] > 40.0 && p[0] < 60.0) p[2] = 4.0;
  }
  return cloud_of(points);
}

TEST(segment, labels_points_with_their_certainty) {
  const SegmenterModel model = height_model();
  const PointCloud cloud = floor_and_table(5000);
  const Segmentation result = segment(model, cloud, {.probabilities = true});
  const auto z = cloud.find("z")->values<double>();
  const double p = sigmoid(8);
  for (std::size_t i = 0; i < cloud.size(); ++i) {
    ASSERT_EQ(result.labels[i], z[i] > 2.0 ? 1U : 0U);
    ASSERT_NEAR(result.confidence[i], p, 1e-5);
    ASSERT_NEAR(result.margin[i], 2.0 * p - 1.0, 1e-5);
    ASSERT_NEAR(result.entropy[i], -p * std::log(p) - (1 - p) * std::log(1 - p), 1e-5);
    ASSERT_NEAR(result.probabilities(i, 0) + result.probabilities(i, 1), 1.0, 1e-5);
  }
  EXPECT_EQ(result.tiles, 1U);
}

TEST(segment, tiles_blend_to_the_same_where_the_network_is_local) {
  const SegmenterModel model = height_model();
  const auto& network = dynamic_cast<const HeightNetwork&>(*model.network);
  const PointCloud cloud = floor_and_table(30'000);
  const Segmentation whole = segment(model, cloud);
  const std::size_t voxels = network.largest;
  network.largest = network.calls = 0;
  std::size_t told = 0;
  const Segmentation tiled =
      segment(model, cloud, {.tiling = {.max_tile_voxels = 4000, .tile_margin = 12}},
              [&](std::size_t done, std::size_t total) {
                EXPECT_EQ(done, kPartsOfTile * told++);
                EXPECT_GT(total, 4 * kPartsOfTile);
              });
  EXPECT_EQ(tiled.tiles, network.calls);
  EXPECT_EQ(told, network.calls + 1);
  EXPECT_LE(network.largest, 4000U);
  EXPECT_GT(voxels, 15'000U);
  EXPECT_EQ(tiled.labels, whole.labels);
  for (std::size_t i = 0; i < cloud.size(); ++i) {
    ASSERT_NEAR(tiled.confidence[i], whole.confidence[i], 1e-5);
  }
}

TEST(segment, tiles_of_a_real_scene_are_labelled_as_the_whole) {
  const SegmenterModel aerial = load_segmenter(PTATTN_SOURCE_DIR "/samples/models/aerial");
  const PointCloud coast = read_cloud(PTATTN_SOURCE_DIR "/samples/scenes/aerial_coast.ply");
  const Segmentation whole = segment(aerial, coast);
  const Segmentation tiled = segment(aerial, coast, {.tiling = {.max_tile_voxels = 7000}});
  EXPECT_EQ(whole.tiles, 1U);
  EXPECT_EQ(tiled.tiles, 4U);
  std::size_t same = 0;
  for (std::size_t i = 0; i < coast.size(); ++i) {
    same += static_cast<std::size_t>(tiled.labels[i] == whole.labels[i]);
  }
  EXPECT_GE(static_cast<double>(same), 0.995 * static_cast<double>(coast.size()));
}

TEST(segment, bf16_labels_a_real_scene_as_float32_does) {
  const std::string folder = PTATTN_SOURCE_DIR "/samples/models/aerial";
  const PointCloud coast = read_cloud(PTATTN_SOURCE_DIR "/samples/scenes/aerial_coast.ply");
  const Segmentation exact = segment(load_segmenter(folder), coast);
  const Segmentation rounded = segment(load_segmenter(folder, Precision::kBf16), coast);
  std::size_t same = 0;
  for (std::size_t i = 0; i < coast.size(); ++i) {
    same += static_cast<std::size_t>(rounded.labels[i] == exact.labels[i]);
  }
  EXPECT_GE(static_cast<double>(same), 0.995 * static_cast<double>(coast.size()));
  EXPECT_NE(rounded.confidence, exact.confidence);
}

TEST(segment, says_when_tiles_would_have_to_be_too_small) {
  const SegmenterModel model = height_model();
  const std::size_t least = 20'000 * model.network->bytes_per_point();
  const auto notes = [&](std::size_t points, std::size_t memory) {
    return segment(model, floor_and_table(points), {.tiling = {.memory = memory}}).notes;
  };
  EXPECT_THAT(notes(50'000, least - 1),
              ElementsAre("tiles of 20000 voxels take 79 MiB for the network, more than allowed; "
                          "smaller tiles would be labelled differently from the whole"));
  EXPECT_THAT(notes(50'000, least), IsEmpty());
  EXPECT_THAT(notes(1000, 1), IsEmpty());
}

TEST(segment, points_without_coordinates_get_zeros) {
  PointCloud cloud = floor_and_table(100);
  cloud.find("y")->values<double>()[7] = std::numeric_limits<double>::infinity();
  const Segmentation result = segment(height_model(), cloud);
  EXPECT_FALSE(result.valid[7]);
  EXPECT_TRUE(result.valid[8]);
  EXPECT_EQ(result.labels[7], 0U);
  EXPECT_EQ(result.confidence[7], 0.0F);
  EXPECT_EQ(result.margin[7], 0.0F);
}

TEST(segment, tiny_and_strange_clouds) {
  const SegmenterModel model = height_model();
  EXPECT_EQ(segment(model, cloud_of({{1e7, -1e7, 3.0}})).labels[0], 0U);
  const Segmentation same =
      segment(model, cloud_of(std::vector<Position>(50, Position{1.0, 2.0, 3.0})));
  EXPECT_EQ(same.voxels, 1U);
  EXPECT_EQ(same.labels, std::vector<std::uint32_t>(50, 0));
  EXPECT_THROW((void)segment(model, cloud_of({})), Error);
  EXPECT_THROW((void)segment(model, cloud_of({{NAN, 0, 0}})), Error);
}

TEST(segment, refuses_scores_that_are_not_finite_and_categories_nobody_has) {
  const SegmenterModel broken = height_model(std::numeric_limits<float>::infinity());
  EXPECT_THROW((void)segment(broken, floor_and_table(50)), Error);
  EXPECT_THROW((void)segment(height_model(), floor_and_table(50), {.category = 0}), Error);
}

/// Four classes, two of each of two categories: scores of the first two for low voxels.
class PartNetwork final : public VoxelwiseNetwork {
 public:
  PartNetwork() : VoxelwiseNetwork(1, 4) {}

 private:
  void score(const PointInput& input, std::size_t voxel, float* scores) const override {
    const float z = input.features(voxel, 0);
    const float all[] = {1.0F, z, 3.0F - z, 2.5F};
    std::ranges::copy(all, scores);
  }
};

SegmenterModel part_model() {
  SegmenterModel model = height_model();
  model.description.classes = {"cup.body", "cup.handle", "lamp.foot", "lamp.shade"};
  model.description.categories = {"cup", "lamp"};
  model.description.category_of_class = {0, 0, 1, 1};
  model.network = std::make_unique<PartNetwork>();
  return model;
}

TEST(segment, only_the_parts_of_one_category_compete) {
  const SegmenterModel model = part_model();
  const PointCloud cloud = floor_and_table(3000);
  const auto z = cloud.find("z")->values<double>();
  const Segmentation cup =
      segment(model, cloud, {.neighbors = 1, .probabilities = true, .category = 0});
  EXPECT_EQ(cup.category, 0U);
  for (std::size_t i = 0; i < cloud.size(); ++i) {
    ASSERT_EQ(cup.labels[i], z[i] > 1.0 ? 1U : 0U);
    ASSERT_NEAR(cup.confidence[i], sigmoid(z[i] > 1.0 ? 3 : 1), 1e-5);
    ASSERT_EQ(cup.probabilities(i, 2), 0.0F);
    ASSERT_EQ(cup.probabilities(i, 3), 0.0F);
  }
  // Most points are low, where both parts of a lamp beat those of a cup.
  const Segmentation likeliest = segment(model, cloud);
  EXPECT_EQ(likeliest.category, 1U);
  EXPECT_EQ(likeliest.labels[0], z[0] > 0.5 ? 3U : 2U);
  EXPECT_THROW((void)segment(model, cloud, {.category = 2}), Error);
}

/// Four classes, hardly one more likely than another.
class EvenNetwork final : public VoxelwiseNetwork {
 public:
  EvenNetwork() : VoxelwiseNetwork(1, 4) {}

 private:
  void score(const PointInput&, std::size_t, float* scores) const override {
    const float all[] = {0.0F, 0.0F, 0.1F, 0.0F};
    std::ranges::copy(all, scores);
  }
};

TEST(segment, a_category_guessed_with_less_than_half_of_the_probability_is_doubted) {
  SegmenterModel model = part_model();
  const PointCloud cloud = floor_and_table(3000);
  const auto doubts = [&](std::optional<std::size_t> category) {
    const Segmentation result = segment(model, cloud, {.category = category});
    EXPECT_EQ(result.category_share.has_value(), !category);
    return std::ranges::count(result.warnings, "category", &Hint::code);
  };
  EXPECT_EQ(doubts({}), 0) << "of two categories, one has half";
  model.network = std::make_unique<EvenNetwork>();
  model.description.categories = {"cup", "lamp", "hat", "shoe"};
  model.description.category_of_class = {0, 1, 2, 3};
  EXPECT_EQ(doubts({}), 1);
  EXPECT_EQ(doubts(1), 0);
  const double likeliest = std::exp(0.1);
  EXPECT_NEAR(segment(model, cloud).category_share.value(), likeliest / (3.0 + likeliest), 1e-6);
}

TEST(segment, an_object_of_no_known_category_is_said_however_sure) {
  SegmenterModel model = part_model();
  const PointCloud cloud = floor_and_table(3000);
  const auto warnings = [&](const char* first, const char* second) {
    model.description.categories = {first, second};
    std::vector<std::string> texts;
    for (const Hint& hint : segment(model, cloud).warnings) {
      if (hint.code == "category") texts.push_back(hint.text);
    }
    return texts;
  };
  EXPECT_TRUE(warnings("cup", "lamp").empty());
  EXPECT_TRUE(warnings("Other", "lamp").empty()) << "the likeliest is the lamp";
  ASSERT_EQ(warnings("cup", "Other").size(), 1U);
  EXPECT_NE(warnings("cup", "Other")[0].find("none of the kinds"), std::string::npos);
}

TEST(segment, an_object_of_many_parts_that_became_one_of_them_is_doubted) {
  SegmenterModel model = part_model();
  const PointCloud cloud = floor_and_table(3000);
  const auto doubts = [&](std::vector<std::size_t> category_of_class, std::size_t category) {
    model.description.category_of_class = std::move(category_of_class);
    const Segmentation result = segment(model, cloud, {.category = category});
    return std::ranges::count(result.warnings, "one_part", &Hint::code);
  };
  EXPECT_EQ(doubts({0, 0, 0, 1}, 0), 0) << "floor and table differ";
  model.network = std::make_unique<EvenNetwork>();
  EXPECT_EQ(doubts({0, 1, 1, 1}, 1), 1);
  EXPECT_EQ(doubts({0, 0, 1, 1}, 1), 0) << "a cup may have no handle";
}

/// Says how far its voxels lie to the right of the middle; sees to it that all it is given turned
/// together.
class EastNetwork final : public VoxelwiseNetwork {
 public:
  EastNetwork() : VoxelwiseNetwork(2, 2) {}
  [[nodiscard]] PointOutput forward(const PointInput& input, const Trace& trace) const override {
    headings.emplace_back(input.grid[0], input.grid[1]);
    return VoxelwiseNetwork::forward(input, trace);
  }

  mutable std::vector<std::pair<std::int32_t, std::int32_t>> headings;  ///< first cell of each call

 private:
  void score(const PointInput& input, std::size_t voxel, float* scores) const override {
    scores[0] = input.features(voxel, 0);
    scores[1] = 0.0F;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const float place = input.positions(voxel, axis) / 0.5F;
      EXPECT_NEAR(place, static_cast<float>(input.grid[3 * voxel + axis]) + 0.5F, 0.5001F);
    }
  }
};

/// A sample, and stray points anywhere in the cube around it, after its own.
PointCloud sample_among(std::size_t strays, const std::string& name) {
  const PointCloud sample = read_cloud(PTATTN_SOURCE_DIR "/samples/clouds/" + name);
  const RawVector<Position> own = sample.positions();
  std::vector<Position> points(own.begin(), own.end());
  Random random(5);
  for (std::size_t i = 0; i < strays; ++i) {
    points.push_back(
        {2.0 * random.uniform() - 1.0, 2.0 * random.uniform() - 1.0, 2.0 * random.uniform() - 1.0});
  }
  return cloud_of(points);
}

TEST(segment, a_group_far_from_an_object_is_left_out_however_sure_the_whole_looks) {
  SegmenterModel parts = load_segmenter(PTATTN_SOURCE_DIR "/samples/models/parts");
  PointCloud cloud = sample_among(64, "airplane.ply");
  const auto x = cloud.find("x")->values<double>();
  const std::size_t own = cloud.size() - 64;
  for (std::size_t i = own; i < cloud.size(); ++i) x[i] = 8.0 + 0.05 * x[i];
  const Segmentation clean = segment(parts, sample_among(0, "airplane.ply"));
  const Segmentation found = segment(parts, cloud);
  EXPECT_EQ(found.category, clean.category);
  EXPECT_EQ(found.strays.size(), 64U);
  std::size_t same = 0;
  for (std::size_t i = 0; i < own; ++i) same += found.labels[i] == clean.labels[i] ? 1 : 0;
  EXPECT_EQ(same, own);
}

TEST(segment, points_scattered_around_an_object_are_left_out_where_that_is_surer) {
  const SegmenterModel parts = load_segmenter(PTATTN_SOURCE_DIR "/samples/models/parts");
  const Segmentation clean = segment(parts, sample_among(0, "airplane.ply"));
  constexpr std::size_t kStrays = 102;
  const PointCloud cloud = sample_among(kStrays, "airplane.ply");
  const Segmentation found = segment(parts, cloud, {.probabilities = true});
  EXPECT_EQ(found.category, clean.category);
  ASSERT_FALSE(found.notes.empty());
  EXPECT_THAT(found.notes.back(), testing::HasSubstr("points seem scattered around the object"));
  ASSERT_EQ(found.labels.size(), cloud.size());
  EXPECT_EQ(found.probabilities.rows(), cloud.size());
  const std::size_t own = cloud.size() - kStrays;
  std::size_t same = 0;
  for (std::size_t i = 0; i < own; ++i) same += found.labels[i] == clean.labels[i] ? 1 : 0;
  EXPECT_GT(same, own * 3 / 4);
  EXPECT_GT(found.strays.size(), kStrays * 2 / 3);
  EXPECT_TRUE(std::ranges::is_sorted(found.strays));
  for (const std::uint32_t point : found.strays) {
    EXPECT_FALSE(found.valid[point]);
    EXPECT_EQ(found.confidence[point], 0.0F);
  }
  EXPECT_EQ(std::ranges::count(found.valid, false), std::ssize(found.strays));
}

/// Takes what is deeper than a person for class 94, and all else for one of classes 40 to 43, which
/// it does not tell apart.
class DepthNetwork final : public VoxelwiseNetwork {
 public:
  DepthNetwork() : VoxelwiseNetwork(12, kClasses) {}

 private:
  static constexpr std::size_t kClasses = 95;

  void score(const PointInput& input, std::size_t, float* scores) const override {
    bool deep = false;
    for (std::size_t v = 0; v < input.positions.rows; ++v) deep |= input.positions(v, 1) > 0.5F;
    for (std::size_t c = 0; c < kClasses; ++c) {
      const bool likely = deep ? c == 94 : c >= 40 && c < 44;
      scores[c] = std::log(!likely ? (deep ? 0.4F : 0.3F) / 94.0F : deep ? 0.6F : 0.7F / 4.0F);
    }
  }
};

TEST(segment, a_category_is_as_sure_as_its_share_whatever_its_parts) {
  SegmenterModel model = load_segmenter(PTATTN_SOURCE_DIR "/samples/models/parts");
  model.network = std::make_unique<DepthNetwork>();
  model.description.reliability = {};
  model.description.preprocessing.votes = 1;
  const auto taken_for = [&](std::size_t strays) {
    const Segmentation found = segment(model, sample_among(strays, "person.pcd"));
    EXPECT_EQ(found.strays.empty(), strays == 0);
    return model.description.categories[found.category.value()];
  };
  EXPECT_EQ(taken_for(0), "Chair");
  EXPECT_EQ(taken_for(102), "Chair") << "Other has one part and is always sure of it";
}

TEST(segment, votes_average_the_probabilities_of_quarter_turns) {
  SegmenterModel model = height_model();
  model.description.preprocessing.channels = {{ChannelKind::kPosition, 0},
                                              {ChannelKind::kPosition, 1}};
  model.description.preprocessing.origin = Origin::kCenterBottom;
  model.network = std::make_unique<EastNetwork>();
  const auto& network = dynamic_cast<const EastNetwork&>(*model.network);
  // 2 m x 4 m, of which a corner is looked at: from the middle it is at (-1, -2).
  const PointCloud cloud = cloud_of({{0, 0, 0}, {2, 4, 0}, {2, 0, 0}});
  const auto probability = [&](std::size_t votes) {
    network.headings.clear();
    return segment(model, cloud, {.neighbors = 1, .votes = votes, .probabilities = true})
        .probabilities(0, 0);
  };
  EXPECT_NEAR(probability(1), sigmoid(-1), 1e-6);
  // x is -1, then 2, 1 and -2.
  EXPECT_NEAR(probability(2), (sigmoid(-1) + sigmoid(2)) / 2, 1e-6);
  EXPECT_NEAR(probability(3), (sigmoid(-1) + sigmoid(2) + sigmoid(1)) / 3, 1e-6);
  EXPECT_NEAR(probability(4), 0.5, 1e-6);
  using Place = std::pair<std::int32_t, std::int32_t>;
  EXPECT_THAT(network.headings,
              ElementsAre(Place{0, 0}, Place{15, 0}, Place{15, 15}, Place{0, 15}));
  for (const std::size_t votes : {0U, 5U}) {
    EXPECT_THROW((void)segment(model, cloud, {.votes = votes}), Error);
  }
}

TEST(segment, votes_turn_objects_a_little_to_either_side) {
  SegmenterModel model = height_model();
  SceneProfile& profile = model.description.preprocessing;
  profile.frame = Frame::kObject;
  profile.voxel = 0.5;
  profile.channels = {{ChannelKind::kPosition, 0}, {ChannelKind::kPosition, 1}};
  profile.origin = Origin::kCenterBottom;
  model.network = std::make_unique<EastNetwork>();
  // Its end is at (1, 0) in the unit sphere.
  const PointCloud stick = cloud_of({{70, 5, 0}, {10, 5, 0}});
  const Segmentation result =
      segment(model, stick, {.neighbors = 1, .votes = 3, .probabilities = true});
  const double turned = sigmoid(std::cos(10.0 * std::numbers::pi / 180.0));
  EXPECT_NEAR(result.probabilities(0, 0), (sigmoid(1) + 2 * turned) / 3, 1e-6);
  EXPECT_EQ(result.tiles, 1U);
  EXPECT_EQ(result.voxels, 2U);
}

TEST(segment, votes_turn_objects_in_any_way_that_may_lie_on_any_side) {
  SegmenterModel model = height_model();
  SceneProfile& profile = model.description.preprocessing;
  profile.frame = Frame::kObject;
  profile.any_side_up = true;
  profile.votes = 5;
  profile.voxel = 0.5;
  profile.channels = {{ChannelKind::kPosition, 0}, {ChannelKind::kPosition, 1}};
  profile.origin = Origin::kCenterBottom;
  model.network = std::make_unique<EastNetwork>();
  const PointCloud stick = cloud_of({{70, 5, 0}, {10, 5, 0}});
  const auto probability = [&](const SegmentOptions& options) {
    return segment(model, stick, options).probabilities(0, 0);
  };
  const auto mean = [&](std::size_t views) {
    double sum = 0.0;
    for (std::size_t v = 0; v < views; ++v) sum += sigmoid(view_rotation(v, views)({1, 0, 0})[0]);
    return sum / static_cast<double>(views);
  };
  EXPECT_NEAR(probability({.neighbors = 1, .probabilities = true}), mean(5), 1e-6)
      << "as many as the model says";
  EXPECT_NEAR(probability({.neighbors = 1, .votes = 64, .probabilities = true}), mean(64), 1e-6);
  for (const std::size_t votes : {0U, 65U}) {
    EXPECT_THROW((void)segment(model, stick, {.votes = votes}), Error);
  }
}

TEST(segment, votes_work_in_tiles) {
  const SegmenterModel model = height_model();
  const auto& network = dynamic_cast<const HeightNetwork&>(*model.network);
  const PointCloud cloud = floor_and_table(30'000);
  const Segmentation whole = segment(model, cloud);
  network.calls = 0;
  std::size_t last = 1;
  const Segmentation tiled =
      segment(model, cloud, {.tiling = {.max_tile_voxels = 4000, .tile_margin = 12}, .votes = 3},
              [&](std::size_t done, std::size_t total) {
                EXPECT_EQ(total % (3 * kPartsOfTile), 0U);
                last = total - done;
              });
  EXPECT_EQ(last, 0U);
  EXPECT_EQ(network.calls, 3 * tiled.tiles);
  EXPECT_EQ(tiled.labels, whole.labels);
}

TEST(segment, same_bits_for_any_number_of_threads) {
  const SegmenterModel model = height_model(0.7F);
  const PointCloud cloud = floor_and_table(20'000);
  const auto with = [&](int threads) {
    const ThreadLimit limit(threads);
    return segment(model, cloud, {.tiling = {.max_tile_voxels = 5000}, .votes = 2});
  };
  const Segmentation one = with(1);
  const Segmentation many = with(8);
  EXPECT_EQ(one.labels, many.labels);
  EXPECT_EQ(one.confidence, many.confidence);
  EXPECT_EQ(one.entropy, many.entropy);
}

}  // namespace
}  // namespace ptattn::test
