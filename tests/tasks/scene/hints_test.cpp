#include "ptattn/tasks/scene/hints.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ptattn/tasks/scene/voxels.hpp"
#include "test_clouds.hpp"

namespace ptattn::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Of 20 x 20 points, so many voxels apart along x and along y.
std::vector<std::string> hints_of_grid(double along_x, double along_y) {
  std::vector<Position> points;
  for (int i = 0; i < 20; ++i) {
    for (int j = 0; j < 20; ++j) points.push_back({along_x * i + 0.25, along_y * j + 0.25, 0.0});
  }
  const PointCloud cloud = cloud_of(points);
  SceneProfile profile;
  profile.voxel = 1.0;
  profile.channels = {{ChannelKind::kCount}};
  return scene_hints(cloud, voxelize(cloud, profile), profile);
}

TEST(scene_hints, tell_points_that_lie_far_apart) {
  EXPECT_THAT(hints_of_grid(1, 1), IsEmpty());
  EXPECT_THAT(hints_of_grid(16, 16), IsEmpty());
  EXPECT_THAT(hints_of_grid(17, 17), ElementsAre(HasSubstr("farther apart than 16 m")));
}

TEST(scene_hints, the_nearest_voxel_need_not_be_the_next_of_the_order) {
  EXPECT_THAT(hints_of_grid(1, 100), IsEmpty());  // ordered by x, then by y
  EXPECT_THAT(hints_of_grid(100, 1), IsEmpty());
}

TEST(scene_hints, tell_a_cloud_of_few_voxels) {
  EXPECT_THAT(hints_of_grid(0.5, 0.5), ElementsAre(HasSubstr("reaches over 10")));
}

}  // namespace
}  // namespace ptattn::test
