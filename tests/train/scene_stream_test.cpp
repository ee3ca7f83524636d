#include "ptattn/train/scene_stream.hpp"

#include <algorithm>

#include <gmock/gmock.h>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/tasks/scene/features.hpp"
#include "test_scenes.hpp"

namespace ptattn::test {
namespace {

using namespace train;

const LabelSpace kSpace{.classes = {"ground", "building"}, .exclusions = {{0}}};

SceneStream make_stream(std::uint64_t seed = 1, double mix = 0.0) {
  SceneStreamOptions options{.seed = seed, .voxels = 3000, .mix = mix};
  options.stray = 2;
  return SceneStream({village(80.0), village(60.0, 2)}, kSpace, small_profile(), options);
}

bool same(const Batch& a, const Batch& b) {
  return std::ranges::equal(a.features.values(), b.features.values()) && a.grid == b.grid &&
         a.ends == b.ends && a.counts == b.counts;
}

TEST(scene_stream, fills_a_batch_to_about_its_budget) {
  const SceneStream stream = make_stream();
  for (std::uint64_t step = 0; step < 10; ++step) {
    const Batch batch = stream.batch(step);
    EXPECT_GT(batch.rows(), 2400U);
    EXPECT_LT(batch.rows(), 9000U);
    EXPECT_EQ(batch.ends.back(), batch.rows());
    EXPECT_EQ(batch.counts.size(), batch.rows() * kSpace.size());
  }
}

TEST(scene_stream, makes_the_same_batch_of_a_step_whatever_went_before) {
  const SceneStream stream = make_stream();
  (void)stream.batch(0);
  EXPECT_TRUE(same(stream.batch(7), make_stream().batch(7)));
  EXPECT_FALSE(same(stream.batch(7), stream.batch(8)));
  EXPECT_FALSE(same(stream.batch(7), make_stream(2).batch(7)));
}

TEST(scene_stream, makes_the_same_bytes_for_any_thread_count) {
  const auto run = [](int threads) {
    const ThreadLimit limit(threads);
    return make_stream(1, 0.5).batch(3);
  };
  EXPECT_TRUE(same(run(1), run(8)));
}

TEST(scene_stream, looks_at_rare_classes_more_often) {
  const SceneStream stream = make_stream();
  double building = 0.0;
  double all = 0.0;
  for (std::uint64_t item = 0; item < 30; ++item) {
    Draws draws(1, 1, item);
    const LabelledCloud crop = stream.draw_crop(draws, 1000.0);
    building += static_cast<double>(std::ranges::count(crop.labels, 1));
    all += static_cast<double>(crop.size());
  }
  const auto& counts = stream.label_counts();
  const double share = static_cast<double>(counts[1]) / static_cast<double>(counts[0] + counts[1]);
  EXPECT_GT(building / all, 2.0 * share);
}

TEST(scene_stream, refuses_places_without_labels) {
  LabelledCloud place = village(20.0);
  std::ranges::fill(place.labels, kUnlabelled);
  EXPECT_THROW(SceneStream({place}, kSpace, small_profile(), {}), Error);
}

TEST(make_voxel_sample, has_the_channels_of_inference) {
  const LabelledCloud cloud = village(20.0);
  const SceneProfile profile = small_profile();
  const VoxelSample sample = make_voxel_sample(cloud, kSpace, profile);
  const PointCloud points = to_point_cloud(cloud);
  const SceneVoxels scene = voxelize(points, profile);
  const SceneFeatures features = scene_features(points, scene, profile);
  EXPECT_TRUE(std::ranges::equal(sample.batch.features.values(), features.values.values()));
  float counted = 0.0F;
  for (const float count : sample.batch.counts) counted += count;
  EXPECT_EQ(counted, static_cast<float>(cloud.size()));
}

TEST(prefetcher, gives_the_batches_of_all_steps_in_order) {
  const SceneStream stream = make_stream();
  Prefetcher prefetcher(stream, 5);
  for (std::uint64_t step = 5; step < 9; ++step) {
    EXPECT_TRUE(same(prefetcher.next(), stream.batch(step)));
  }
}

TEST(prefetcher, hands_failures_on) {
  class Broken final : public SampleStream {
   public:
    [[nodiscard]] Batch batch(std::uint64_t step) const override {
      if (step == 1) throw Error(Fault::kInput, "tile", "is broken");
      return {};
    }
  };
  const Broken stream;
  Prefetcher prefetcher(stream, 0);
  (void)prefetcher.next();
  EXPECT_THROW((void)prefetcher.next(), Error);
}

}  // namespace
}  // namespace ptattn::test
