#include "ptattn/train/object_stream.hpp"

#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"

namespace ptattn::test {
namespace {

using namespace train;

/// `n` points on a sphere of another place and size than the unit sphere.
LabelledCloud ball(std::size_t n, Label label, std::uint64_t seed) {
  Draws draws(seed, 0, 0);
  LabelledCloud cloud{.name = "ball", .positions = {}, .labels = {}};
  for (std::size_t i = 0; i < n; ++i) {
    const double z = draws.uniform(-1.0, 1.0);
    const double angle = draws.angle();
    const double r = std::sqrt(1.0 - z * z);
    cloud.positions.push_back({static_cast<float>(7.0 + 3.0 * r * std::cos(angle)),
                               static_cast<float>(3.0 * r * std::sin(angle)),
                               static_cast<float>(3.0 * z)});
    cloud.labels.push_back(label);
  }
  return cloud;
}

double largest_radius(const LabelledCloud& cloud) {
  double largest = 0.0;
  for (const auto& p : cloud.positions) {
    largest = std::max(largest, std::hypot(double{p[0]}, double{p[1]}, double{p[2]}));
  }
  return largest;
}

TEST(to_unit_sphere, centers_and_scales) {
  LabelledCloud cloud = ball(2000, 0, 1);
  to_unit_sphere(cloud);
  EXPECT_NEAR(largest_radius(cloud), 1.0, 1e-5);
  double x = 0.0;
  for (const auto& p : cloud.positions) x += p[0];
  EXPECT_NEAR(x / 2000.0, 0.0, 1e-4);
}

TEST(seen_from, leaves_the_near_side_of_a_ball) {
  LabelledCloud cloud = ball(4000, 0, 1);
  to_unit_sphere(cloud);
  const LabelledCloud seen = seen_from(cloud, {0, 0, 1});
  EXPECT_GT(seen.size(), 1800U);
  EXPECT_LT(seen.size(), 2600U);
  std::size_t below = 0;
  for (const auto& p : seen.positions) below += p[2] < -0.3F ? 1 : 0;
  EXPECT_LT(below, seen.size() / 10);
}

TEST(add_clutter, adds_a_seventh_at_most_with_the_label_asked_for) {
  for (std::uint64_t item = 0; item < 20; ++item) {
    LabelledCloud cloud = ball(700, 0, 1);
    Draws draws(1, 0, item);
    add_clutter(cloud, draws, 5);
    EXPECT_GT(cloud.size(), 700U);
    EXPECT_LE(cloud.size(), 802U);
    EXPECT_EQ(cloud.labels.back(), 5);
  }
}

TEST(change_object, stays_in_the_unit_sphere_and_keeps_enough_points) {
  for (std::uint64_t item = 0; item < 50; ++item) {
    Draws draws(1, 0, item);
    const LabelledCloud changed = change_object(ball(1024, 0, 1), {}, 0, draws);
    EXPECT_NEAR(largest_radius(changed), 1.0, 1e-4);
    EXPECT_GE(changed.size(), 60U);
  }
}

TEST(change_object, turns_sides_up_where_asked_for) {
  LabelledCloud pole{.name = "pole", .positions = {}, .labels = {}};
  for (int i = 0; i < 200; ++i) {
    pole.positions.push_back({0, 0, static_cast<float>(i)});
    pole.labels.push_back(0);
  }
  ObjectChange change{
      .tilt = 0.0, .bend = 0.0, .noise = 0.0, .thinned = 0.0, .one_sided = 0.0, .clutter = 0.0};
  int lying = 0;
  const auto count = [&] {
    lying = 0;
    for (std::uint64_t item = 0; item < 40; ++item) {
      Draws draws(1, 0, item);
      const LabelledCloud changed = change_object(pole, change, 0, draws);
      lying += std::abs(changed.positions[0][2]) < 0.7F ? 1 : 0;
    }
  };
  count();
  EXPECT_EQ(lying, 0);
  change.any_side_up = 1.0;
  count();
  EXPECT_GT(lying, 15);
}

ObjectStream make_stream(ObjectView view, std::uint64_t seed = 1) {
  std::vector<LabelledCloud> objects;
  for (std::uint64_t i = 0; i < 9; ++i) objects.push_back(ball(1500, i == 0 ? 1 : 0, i));
  return {
      objects, {.classes = {"ball", "rare ball"}}, std::move(view), {.seed = seed, .objects = 6}};
}

TEST(object_stream, samples_objects_as_classification_does) {
  const Batch batch = make_stream({.sample = ObjectProfile{}}).batch(3);
  EXPECT_EQ(batch.positions.rows(), 6U * 1024U);
  EXPECT_THAT(batch.ends, testing::ElementsAre(1024, 2048, 3072, 4096, 5120, 6144));
  ASSERT_EQ(batch.counts.size(), 12U);
  float sum = 0.0F;
  for (const float count : batch.counts) sum += count;
  EXPECT_EQ(sum, 6.0F);
}

TEST(object_stream, makes_the_same_batch_of_a_step_for_any_thread_count) {
  const auto run = [](int threads) {
    const ThreadLimit limit(threads);
    return make_stream({.sample = ObjectProfile{}}).batch(5);
  };
  const Batch one = run(1);
  const Batch eight = run(8);
  EXPECT_TRUE(std::ranges::equal(one.positions.values(), eight.positions.values()));
  EXPECT_EQ(one.counts, eight.counts);
}

TEST(object_stream, labels_voxels_of_parts) {
  const SceneProfile profile = read_scene_profile(
      R"({"kind": "object", "unit": "radius", "up": "z", "voxel": 0.1, "features": ["x", "count"]})",
      "profile");
  const Batch batch = make_stream({.voxels = profile}).batch(0);
  EXPECT_EQ(batch.ends.size(), 6U);
  EXPECT_EQ(batch.counts.size(), batch.rows() * 2);
  EXPECT_EQ(batch.features.cols(), 2U);
}

TEST(object_stream, refuses_objects_without_labels) {
  EXPECT_THROW(ObjectStream({ball(200, kUnlabelled, 1)}, {.classes = {"a"}},
                            {.sample = ObjectProfile{}}, {}),
               Error);
}

}  // namespace
}  // namespace ptattn::test
