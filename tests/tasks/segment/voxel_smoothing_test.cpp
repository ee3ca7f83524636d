#include "ptattn/tasks/segment/voxel_smoothing.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "ptattn/core/parallel.hpp"

namespace ptattn::test {
namespace {

SceneProfile profile(const std::string& features) {
  return read_scene_profile(R"({"kind": "scene", "unit": "metre", "up": "z", "voxel": 0.5,
                                "features": [)" +
                                features + "]}",
                            "test");
}

/// A square of ground with a table of 4 m on it, 1 m high: a point a voxel.
PointCloud ground_with_table() {
  constexpr std::size_t kSide = 60;
  PointCloud cloud(kSide * kSide);
  for (const char* name : {"x", "y", "z"}) cloud.add(name, FieldType::kFloat64);
  for (std::size_t i = 0; i < cloud.size(); ++i) {
    const double x = 0.25 + 0.5 * static_cast<double>(i / kSide);
    const double y = 0.25 + 0.5 * static_cast<double>(i % kSide);
    const bool on_table = std::abs(x - 15.0) < 2.0 && std::abs(y - 15.0) < 2.0;
    cloud.fields()[0].values<double>()[i] = x;
    cloud.fields()[1].values<double>()[i] = y;
    cloud.fields()[2].values<double>()[i] = on_table ? 1.0 : 0.0;
  }
  return cloud;
}

bool is_table(const PreparedScene& scene, std::size_t voxel) {
  return scene.voxels.means[voxel][2] > 0.5;
}

/// Class 0 for the ground, 1 for the table, but for the voxels `wrong`.
Matrix labels_of(const PreparedScene& scene, const std::vector<std::size_t>& wrong) {
  Matrix p(scene.size(), 2);
  for (std::size_t v = 0; v < scene.size(); ++v) {
    const bool flipped = std::ranges::find(wrong, v) != wrong.end();
    p(v, 1) = is_table(scene, v) != flipped ? 1.0F : 0.0F;
    p(v, 0) = 1.0F - p(v, 1);
  }
  return p;
}

TEST(smooth_probabilities, a_voxel_that_is_alone_takes_the_class_of_those_around) {
  const SceneProfile p = profile("\"above_41\"");
  const PreparedScene scene = prepare_scene(ground_with_table(), p);
  const std::vector<std::size_t> wrong{200, 2000};
  const Matrix smoothed = smooth_probabilities(scene, p, labels_of(scene, wrong));
  for (std::size_t v = 0; v < scene.size(); ++v) {
    EXPECT_NEAR(smoothed(v, 0) + smoothed(v, 1), 1.0F, 1e-5F);
    EXPECT_EQ(smoothed(v, 1) > 0.5F, is_table(scene, v)) << v;
  }
}

TEST(smooth_probabilities, height_keeps_things_apart) {
  const SceneProfile with_heights = profile("\"above_41\"");
  const SceneProfile without = profile("\"count\"");
  const PreparedScene scene = prepare_scene(ground_with_table(), with_heights);
  const PreparedScene flat = prepare_scene(ground_with_table(), without);
  const Matrix kept = smooth_probabilities(scene, with_heights, labels_of(scene, {}));
  const Matrix mixed = smooth_probabilities(flat, without, labels_of(flat, {}));
  double least_kept = 1.0;
  double least_mixed = 1.0;
  for (std::size_t v = 0; v < scene.size(); ++v) {
    if (!is_table(scene, v)) continue;
    least_kept = std::min(least_kept, double{kept(v, 1)});
    least_mixed = std::min(least_mixed, double{mixed(v, 1)});
  }
  EXPECT_GT(least_kept, 0.7);  // at the corners of the table
  EXPECT_LT(least_mixed, 0.6);
}

TEST(smooth_probabilities, give_the_same_bits_for_any_thread_count) {
  const SceneProfile p = profile("\"above_41\"");
  const PreparedScene scene = prepare_scene(ground_with_table(), p);
  const Matrix labels = labels_of(scene, {7, 99, 1500});
  std::vector<std::vector<float>> results;
  for (const int threads : {1, 8}) {
    const ThreadLimit limit(threads);
    const Matrix smoothed = smooth_probabilities(scene, p, labels);
    results.emplace_back(smoothed.values().begin(), smoothed.values().end());
  }
  EXPECT_EQ(results[0], results[1]);
}

}  // namespace
}  // namespace ptattn::test
