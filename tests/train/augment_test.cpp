#include "ptattn/train/augment.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gmock/gmock.h>

#include "ptattn/train/relief.hpp"
#include "test_scenes.hpp"

namespace ptattn::test {
namespace {

using namespace train;

TEST(cut_square, keeps_the_points_within_and_turns_them_about_its_center) {
  const LabelledCloud scene = village(60.0);
  Draws draws(1, 2, 3);
  const LabelledCloud part = cut_square(scene, {{30.0, 30.0}, 20.0}, draws, true);
  EXPECT_NEAR(static_cast<double>(part.size()), 9.0 * 400.0, 200.0);
  double furthest = 0.0;
  for (std::size_t i = 0; i < part.size(); ++i) {
    const auto& p = part.positions[i];
    EXPECT_LT(std::max(std::abs(p[0]), std::abs(p[1])), 10.0F);
    if (part.labels[i] == 1) furthest = std::max(furthest, std::hypot(double{p[0]}, double{p[1]}));
  }
  EXPECT_NEAR(furthest, 5.0 * std::sqrt(2.0), 0.4);  // the house is still a square of ten metres
}

TEST(cut_square, turns_normals_with_the_points) {
  LabelledCloud scene = village(20.0);
  for (const char* name : {"normal_x", "normal_y", "normal_z"}) {
    scene.attributes.push_back({AttributeKind::kNormal, name, FieldType::kFloat32, {}});
  }
  const std::size_t first = scene.attributes.size() - 3;
  for (const auto& p : scene.positions) {  // along the position from the center, in plan
    const double length = std::hypot(p[0] - 10.0, p[1] - 10.0);
    scene.attributes[first].values.push_back(static_cast<float>((p[0] - 10.0) / length));
    scene.attributes[first + 1].values.push_back(static_cast<float>((p[1] - 10.0) / length));
    scene.attributes[first + 2].values.push_back(0.0F);
  }
  Draws draws(5, 0, 0);
  const LabelledCloud part = cut_square(scene, {{10.0, 10.0}, 10.0}, draws, true);
  for (std::size_t i = 0; i < part.size(); ++i) {
    const auto& p = part.positions[i];
    const double length = std::hypot(p[0], p[1]);
    EXPECT_NEAR(part.attributes[first].values[i], p[0] / length, 1e-4);
    EXPECT_NEAR(part.attributes[first + 1].values[i], p[1] / length, 1e-4);
  }
}

TEST(thin, leaves_about_the_density_asked_for_whatever_the_kind) {
  const LabelledCloud scene = village(60.0);
  for (std::uint64_t item = 0; item < 40; ++item) {
    Draws draws(1, 0, item);
    const LabelledCloud part = thin(scene, 0.2, 1.8, draws);
    EXPECT_GT(part.size(), scene.size() * 0.08) << item;
    EXPECT_LT(part.size(), scene.size() * 0.32) << item;
    ASSERT_EQ(part.attributes.front().values.size(), part.size());
  }
}

TEST(bend, keeps_a_house_level_and_puts_it_on_the_upper_side_of_a_step) {
  LabelledCloud scene = village(60.0);
  scene.objects = number_objects(scene, 1, 2.0);
  for (std::uint64_t item = 0; item < 20; ++item) {
    LabelledCloud bent = scene;
    Draws draws(1, 1, item);
    bend(bent, draws, {.slope = 0.3, .steps = 2, .height = 10.0}, true, 1.0);
    float low = std::numeric_limits<float>::max();
    float high = std::numeric_limits<float>::lowest();
    for (std::size_t i = 0; i < bent.size(); ++i) {
      if (bent.labels[i] != 1) continue;
      low = std::min(low, bent.positions[i][2]);
      high = std::max(high, bent.positions[i][2]);
    }
    EXPECT_NEAR(low, high, 1e-3) << item;
  }
}

TEST(bend, tilts_the_ground_by_the_slope) {
  LabelledCloud scene = village(60.0);
  Draws draws(1, 1, 1);
  bend(scene, draws, {.slope = 0.5}, false, 1.0);
  float low = std::numeric_limits<float>::max();
  float high = std::numeric_limits<float>::lowest();
  for (std::size_t i = 0; i < scene.size(); ++i) {
    if (scene.labels[i] != 0) continue;
    low = std::min(low, scene.positions[i][2]);
    high = std::max(high, scene.positions[i][2]);
  }
  EXPECT_GT(high - low, 0.5 * 60.0 - 1.0);
  EXPECT_LT(high - low, 0.5 * 60.0 * std::sqrt(2.0) + 1.0);
}

TEST(add_stray_points, labels_them_and_puts_them_far_away) {
  LabelledCloud scene = village(60.0);
  const std::size_t before = scene.size();
  Draws draws(1, 1, 4);
  add_stray_points(scene, draws, 7, 1.0);
  ASSERT_GT(scene.size(), before);
  for (std::size_t i = before; i < scene.size(); ++i) EXPECT_EQ(scene.labels[i], 7);
  EXPECT_EQ(scene.attributes.front().values.size(), scene.size());
}

TEST(punch_holes, removes_discs) {
  const LabelledCloud scene = village(60.0);
  Draws draws(1, 1, 4);
  const LabelledCloud holed = punch_holes(scene, draws);
  EXPECT_LT(holed.size(), scene.size());
  EXPECT_GT(holed.size(), scene.size() / 2);
}

TEST(change_survey, draws_the_same_from_the_same_seed_and_others_from_others) {
  const LabelledCloud scene = village(40.0);
  const auto changed = [&](std::uint64_t item) {
    Draws draws(3, 9, item);
    return change_survey(
        scene, {.kind = SceneAugmentation::kAerial, .voxel = 0.5, .sparse = false, .stray = 2},
        draws);
  };
  EXPECT_EQ(changed(1).positions, changed(1).positions);
  EXPECT_NE(changed(1).positions, changed(2).positions);
}

TEST(change_survey, drops_fields_at_times_only) {
  const LabelledCloud scene = village(10.0);
  int without = 0;
  for (std::uint64_t item = 0; item < 200; ++item) {
    Draws draws(3, 9, item);
    const LabelledCloud changed = change_survey(
        scene, {.kind = SceneAugmentation::kScene, .voxel = 0.5, .sparse = false, .stray = 2},
        draws);
    without += changed.has(AttributeKind::kIntensity) ? 0 : 1;
  }
  EXPECT_NEAR(without, 95, 30);  // 0.3 + 0.7 * 0.25 of them
}

}  // namespace
}  // namespace ptattn::test
