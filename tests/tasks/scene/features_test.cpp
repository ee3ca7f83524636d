#include "ptattn/tasks/scene/features.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/models/files/safetensors.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/tasks/geometry/normals.hpp"
#include "ptattn/tasks/scene/neighborhood_shape.hpp"
#include "ptattn/tasks/scene/prepared_scene.hpp"
#include "ptattn/tasks/scene/scan_fields.hpp"
#include "ptattn/tasks/segment/tile_input.hpp"
#include "test_clouds.hpp"

namespace ptattn::test {
namespace {

SceneProfile profile_of(std::vector<Channel> channels, double voxel = 1.0) {
  SceneProfile profile;
  profile.voxel = voxel;
  profile.channels = std::move(channels);
  return profile;
}

TEST(voxelize, groups_points_by_cell_and_averages_them) {
  PointCloud cloud = cloud_of({{1000.9, 5.0, 2.0},
                               {1000.1, 5.0, 2.0},
                               {NAN, 0.0, 0.0},
                               {1002.1, 5.0, 4.5},
                               {1000.5, 5.0, 2.0}});
  const SceneVoxels scene = voxelize(cloud, profile_of({{ChannelKind::kCount}}));
  EXPECT_EQ(scene.points, (RawVector<std::uint32_t>{0, 1, 3, 4}));
  EXPECT_EQ(scene.origin, (Position{1000.1, 5.0, 2.0}));
  ASSERT_EQ(scene.size(), 2U);
  EXPECT_EQ(scene.cells[0], (Cell{0, 0, 0}));
  EXPECT_EQ(scene.cells[1], (Cell{2, 0, 2}));  // 1002.1 - 1000.1 rounds to 2 and a little
  EXPECT_NEAR(scene.means[0][0], (0.8 + 0.0 + 0.4) / 3.0, 1e-9);
  EXPECT_EQ(scene.members(0).size(), 3U);
  EXPECT_EQ(scene.members(1).size(), 1U);
}

TEST(voxelize, refuses_what_cannot_be) {
  const SceneProfile profile = profile_of({{ChannelKind::kCount}}, 0.5);
  EXPECT_THROW((void)voxelize(cloud_of({{NAN, 0, 0}}), profile), Error);
  EXPECT_THROW((void)voxelize(cloud_of({{0, 0, 0}, {0, 4e4, 0}}), profile), Error);
  EXPECT_EQ(voxelize(cloud_of({{0, 0, 0}, {0, 3e4, 0}}), profile).size(), 2U);
}

TEST(voxelize, an_object_is_brought_to_the_unit_sphere) {
  SceneProfile profile = profile_of({{ChannelKind::kPosition, 0}}, 0.01);
  profile.frame = Frame::kObject;
  const SceneVoxels scene = voxelize(cloud_of({{500, 0, 0}, {900, 0, 0}}), profile);
  EXPECT_EQ(scene.origin, (Position{-1, 0, 0}));
  EXPECT_EQ(scene.cells[1], (Cell{200, 0, 0}));
}

TEST(scene_features, coordinates_of_a_sweep_stay_those_of_the_sensor) {
  SceneProfile profile = profile_of(
      {{ChannelKind::kPosition, 0}, {ChannelKind::kPosition, 1}, {ChannelKind::kPosition, 2}});
  const PointCloud cloud = cloud_of({{-20.25, 3, -1.5}, {10.5, -7.75, 0.5}});
  profile.origin = Origin::kSensor;
  const Matrix x = scene_features(cloud, voxelize(cloud, profile), profile).values;
  EXPECT_EQ(x(0, 0), -20.25F);
  EXPECT_EQ(x(0, 1), 3.0F);
  EXPECT_EQ(x(0, 2), -1.5F);
  EXPECT_EQ(x(1, 1), -7.75F);
}

TEST(scene_features, strength_is_the_share_of_the_range_that_intensities_have) {
  const auto strengths = [](FieldType type, std::vector<double> values, std::size_t bounded) {
    PointCloud cloud = cloud_of({{0, 0, 0}, {0.25, 0, 0}, {2, 0, 0}});  // two voxels
    Field& field = cloud.add("intensity", type);
    for (std::size_t i = 0; i < 3; ++i) {
      if (type == FieldType::kUInt8) {
        field.values<std::uint8_t>()[i] = static_cast<std::uint8_t>(values[i]);
      } else {
        field.values<float>()[i] = static_cast<float>(values[i]);
      }
    }
    const SceneProfile profile = profile_of({{ChannelKind::kStrength, bounded}});
    const SceneFeatures features = scene_features(cloud, voxelize(cloud, profile), profile);
    return std::pair{std::vector<float>{features.values(0, 0), features.values(1, 0)},
                     features.notes};
  };
  const auto [bytes, note] = strengths(FieldType::kUInt8, {51, 0, 102}, 0);
  EXPECT_FLOAT_EQ(bytes[0], 0.1F);
  EXPECT_FLOAT_EQ(bytes[1], 0.4F);
  EXPECT_THAT(note, testing::ElementsAre("intensities are taken as shares of 255"));
  EXPECT_FLOAT_EQ(strengths(FieldType::kFloat32, {0.5, 0.25, 1}, 0).first[0], 0.375F);
  EXPECT_THAT(strengths(FieldType::kFloat32, {0.5, 0.25, 1}, 0).second, testing::IsEmpty());
  EXPECT_FLOAT_EQ(strengths(FieldType::kFloat32, {0, 0, 204}, 0).first[1], 0.8F);
  EXPECT_FLOAT_EQ(strengths(FieldType::kFloat32, {0, 0, 13107}, 0).first[1], 0.2F);
  EXPECT_FLOAT_EQ(strengths(FieldType::kFloat32, {0, NAN, 0.5}, 1).first[1], std::tanh(0.5F));
}

TEST(voxelize, an_object_is_turned_with_its_normals) {
  SceneProfile profile = profile_of(
      {{ChannelKind::kNormal, 0}, {ChannelKind::kNormal, 1}, {ChannelKind::kNormal, 2}}, 0.01);
  PointCloud cloud = cloud_of({{500, 0, 0}, {900, 0, 0}});
  const float normal[] = {0.5F, -0.25F, 0.75F};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    Field& field = cloud.add(std::string("normal_") + "xyz"[axis], FieldType::kFloat32);
    for (float& value : field.values<float>()) value = normal[axis];
  }
  const auto features_at = [&](const SceneVoxels& scene) {
    return scene_features(cloud, scene, profile).values;
  };
  profile.frame = Frame::kObject;
  const SceneVoxels object = voxelize(cloud, profile, Rotation::about_z(90.0));
  EXPECT_NEAR(object.positions[1][1], 2.0, 1e-12);  // from (0, -1)
  EXPECT_EQ(object.cells.back()[0], 0U);
  const Matrix turned = features_at(object);
  for (std::size_t v = 0; v < 2; ++v) {
    EXPECT_NEAR(turned(v, 0), 0.25F, 1e-6F);
    EXPECT_NEAR(turned(v, 1), 0.5F, 1e-6F);
    EXPECT_NEAR(turned(v, 2), 0.75F, 1e-6F);
  }
  profile.frame = Frame::kScene;
  profile.voxel = 100.0;
  const SceneVoxels scene = voxelize(cloud, profile, Rotation::about_z(90.0));
  EXPECT_EQ(scene.positions[1][0], 400.0);
  EXPECT_EQ(features_at(scene)(0, 0), 0.5F);
}

TEST(scene_features, simple_channels_by_hand) {
  PointCloud cloud = cloud_of({{0, 0, 0}, {0.5, 0, 0.5}, {0, 0, 3.25}});
  auto red = cloud.add("red", FieldType::kUInt8).values<std::uint8_t>();
  cloud.add("green", FieldType::kUInt8);
  cloud.add("blue", FieldType::kUInt8);
  red[0] = 255;
  auto intensity = cloud.add("scalar_Intensity", FieldType::kUInt16).values<std::uint16_t>();
  intensity[0] = 7;
  intensity[1] = 9;
  intensity[2] = 9;
  auto number = cloud.add("ReturnNumber", FieldType::kUInt8).values<std::uint8_t>();
  auto total = cloud.add("number_of_returns", FieldType::kUInt8).values<std::uint8_t>();
  number[0] = 1;
  number[1] = 1;
  number[2] = 2;
  total[0] = 2;
  total[1] = 1;
  total[2] = 2;
  SceneProfile profile = profile_of({{ChannelKind::kOffset, 0},
                                     {ChannelKind::kCount},
                                     {ChannelKind::kSpread},
                                     {ChannelKind::kColor, 0},
                                     {ChannelKind::kIntensity},
                                     {ChannelKind::kLast},
                                     {ChannelKind::kMultiple},
                                     {ChannelKind::kAbove, 1},
                                     {ChannelKind::kUnderTop, 1},
                                     {ChannelKind::kHasIntensity}});
  profile.color_range = {-1.0, 1.0};
  const SceneVoxels scene = voxelize(cloud, profile);
  const SceneFeatures features = scene_features(cloud, scene, profile);
  ASSERT_EQ(scene.size(), 2U);
  const auto near = [&](std::size_t voxel, std::size_t channel, double expected) {
    EXPECT_NEAR(features.values(voxel, channel), expected, 1e-6) << voxel << " " << channel;
  };
  near(0, 0, 0.25 - 0.5);
  near(0, 1, std::log(2.0) / 3.0);
  near(1, 1, 0.0);
  near(0, 2, 0.5);
  near(0, 3, 0.0);   // one of two points is fully red: the middle of -1 ... 1
  near(1, 3, -1.0);  // none
  near(0, 4, 2.0 * (0.5 / 3.0 + 2.0 / 3.0) / 2.0 - 1.0);  // mid-ranks 1/6 and 2/3
  near(0, 5, 0.5);
  near(0, 6, 0.5);
  near(0, 7, std::asinh(0.25 / 0.25) / 2.0);
  near(1, 8, 0.0);
  near(0, 8, std::asinh(3.0 / 0.25) / 2.0);
  near(1, 9, 1.0);
  EXPECT_TRUE(features.notes.empty());
}

TEST(scene_features, what_is_missing_is_said_once) {
  const PointCloud cloud = cloud_of({{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {1, 1, 0}});
  const SceneProfile profile = profile_of({{ChannelKind::kColor, 0},
                                           {ChannelKind::kColor, 1},
                                           {ChannelKind::kNormal, 2},
                                           {ChannelKind::kIntensity},
                                           {ChannelKind::kLast},
                                           {ChannelKind::kHasReturns}});
  const SceneFeatures features = scene_features(cloud, voxelize(cloud, profile), profile);
  EXPECT_EQ(features.notes.size(), 4U);
  EXPECT_FLOAT_EQ(features.values(0, 0), 0.5F);
  EXPECT_FLOAT_EQ(features.values(0, 2), 1.0F);  // the points lie in a level plane
  EXPECT_FLOAT_EQ(features.values(0, 3), 0.0F);
  EXPECT_FLOAT_EQ(features.values(0, 5), 0.0F);
}

TEST(find_scan_fields, knows_spellings_and_ignores_what_says_nothing) {
  PointCloud cloud = cloud_of({{0, 0, 0}, {1, 0, 0}});
  cloud.add("Intensity", FieldType::kFloat32);  // zero everywhere
  auto total = cloud.add("scalar_Number Of Returns", FieldType::kUInt8).values<std::uint8_t>();
  total[1] = 3;
  EXPECT_EQ(find_scan_fields(cloud).intensity, nullptr);
  EXPECT_EQ(find_scan_fields(cloud).number_of_returns, nullptr) << "no return numbers";
  cloud.add("return_number", FieldType::kUInt8);
  EXPECT_NE(find_scan_fields(cloud).number_of_returns, nullptr);
  cloud.find("Intensity")->values<float>()[0] = 2.0F;
  EXPECT_NE(find_scan_fields(cloud).intensity, nullptr);
}

TEST(surroundings, equal_their_definition) {
  const PointCloud cloud = cloud_of(lopsided_points(700));
  const SceneVoxels scene = voxelize(cloud, profile_of({{ChannelKind::kCount}}, 0.1));
  for (const std::size_t level : {0U, 1U, 2U}) {
    const CellValues<NeighborhoodShape> around = neighborhood_shapes(scene, level);
    for (std::size_t v = 0; v < scene.size(); v += 37) {
      double n = 0.0;
      Position sum{};
      Position squares{};
      for (std::size_t w = 0; w < scene.size(); ++w) {
        bool near = true;
        for (std::size_t axis = 0; axis < 3; ++axis) {
          const auto a = static_cast<int>(scene.cells[v][axis] >> level);
          const auto b = static_cast<int>(scene.cells[w][axis] >> level);
          near = near && std::abs(a - b) <= 1;
        }
        if (!near) continue;
        n += 1.0;
        for (std::size_t axis = 0; axis < 3; ++axis) {
          sum[axis] += scene.means[w][axis];
          squares[axis] += scene.means[w][axis] * scene.means[w][axis];
        }
      }
      double trace = 0.0;
      const auto variance = [&](std::size_t axis) {
        return squares[axis] / n - sum[axis] / n * sum[axis] / n;
      };
      for (std::size_t axis = 0; axis < 3; ++axis) trace += variance(axis);
      ASSERT_EQ(around[v].voxel_count, n);
      if (n < 4.0) continue;
      EXPECT_NEAR(around[v].vertical, variance(2) / trace, 1e-9);
      EXPECT_LE(around[v].scatter, 1.0 + 1e-9);
    }
  }
}

TEST(estimate_normals, of_a_plane_and_of_a_line) {
  std::vector<Position> plane;
  for (int i = 0; i < 8; ++i) {
    for (int j = 0; j < 8; ++j) plane.push_back({1e6 + i, 2.0 * j, -1.0 * i});
  }
  const Matrix normals = estimate_normals(plane, 16);
  for (std::size_t i = 0; i < plane.size(); ++i) {
    EXPECT_NEAR(normals(i, 0), std::sqrt(0.5), 1e-5);
    EXPECT_NEAR(normals(i, 2), std::sqrt(0.5), 1e-5);
  }
  const Matrix line = estimate_normals(std::vector<Position>{{0, 0, 0}, {1, 0, 0}, {2, 0, 0}}, 16);
  EXPECT_FLOAT_EQ(line(1, 2), 1.0F);
}

/// The aerial model was trained on channels that a Python script computed: ours must be the same.
TEST(scene_features, equal_those_of_the_training_script) {
  const PointCloud cloud = read_cloud(PTATTN_SOURCE_DIR "/tests/golden/aerial_town.ply");
  const SafetensorsFile golden(PTATTN_SOURCE_DIR "/tests/golden/aerial_town.safetensors");
  const SceneProfile profile =
      read_segmenter_description(PTATTN_SOURCE_DIR "/samples/models/aerial").preprocessing;
  const auto of = [&](int threads) {
    const ThreadLimit limit(threads);
    return scene_features(cloud, voxelize(cloud, profile), profile);
  };
  const SceneFeatures features = of(1);
  const std::vector<float> expected = golden.values("features");
  ASSERT_EQ(features.values.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    ASSERT_NEAR(features.values.data()[i], expected[i], 1e-5)
        << "channel " << i % profile.channels.size();
  }
  const SceneFeatures again = of(8);
  EXPECT_EQ(0, std::memcmp(features.values.data(), again.values.data(), 4 * expected.size()));
}

/// Largest difference of the network's scores from the golden's, relative to the largest score.
double score_difference(const SegmenterModel& model, const PreparedScene& scene,
                        const std::vector<float>& expected) {
  const TileInput input(scene);
  const PointOutput output = model.network->forward(input.input({}));
  double largest = 0.0;
  double difference = 0.0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    largest = std::max(largest, std::abs(double{expected[i]}));
    difference = std::max(difference, std::abs(double{output.values.data()[i]} - expected[i]));
  }
  return difference / largest;
}

TEST(pretrained_models, score_as_in_training) {
  const SafetensorsFile town(PTATTN_SOURCE_DIR "/tests/golden/aerial_town.safetensors");
  const PointCloud cloud = read_cloud(PTATTN_SOURCE_DIR "/tests/golden/aerial_town.ply");
  const std::pair<std::string, std::string> models[] = {{"aerial", "logits"},
                                                        {"aerial-small", "small_logits"}};
  for (const auto& [name, scores] : models) {
    SCOPED_TRACE(name);
    const SegmenterModel model = load_segmenter(PTATTN_SOURCE_DIR "/samples/models/" + name);
    const PreparedScene scene = prepare_scene(cloud, model.description.preprocessing);
    EXPECT_LT(score_difference(model, scene, town.values(scores)), 1e-3);
  }
}

TEST(pretrained_models, see_the_parts_of_objects_as_in_training) {
  const SegmenterModel parts = load_segmenter(PTATTN_SOURCE_DIR "/samples/models/parts");
  const SafetensorsFile golden(PTATTN_SOURCE_DIR "/tests/golden/parts_shape.safetensors");
  const std::vector<float> xyz = golden.values("xyz");
  std::vector<Position> points(xyz.size() / 3);
  for (std::size_t i = 0; i < xyz.size(); ++i) points[i / 3][i % 3] = xyz[i];
  const PointCloud cloud = cloud_of(points);
  const SceneProfile& profile = parts.description.preprocessing;
  const PreparedScene scene = prepare_scene(cloud, profile);
  const std::vector<float> expected = golden.values("features");
  ASSERT_EQ(scene.channels.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    ASSERT_NEAR(scene.channels.data()[i], expected[i], 1e-4) << i;
  }
  EXPECT_LT(score_difference(parts, scene, golden.values("logits")), 1e-3);
}

}  // namespace
}  // namespace ptattn::test
