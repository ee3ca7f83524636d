#include "ptattn/cloud/frame_change.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "ptattn/core/error.hpp"

namespace ptattn::test {
namespace {

using testing::ElementsAre;

PointCloud one_point() {
  PointCloud cloud(1);
  const auto add = [&](const char* name, float value) {
    cloud.add(name, FieldType::kFloat32).values<float>()[0] = value;
  };
  add("x", 10);
  add("y", 20);
  add("z", 30);
  add("nx", 0);
  add("ny", 1);
  add("nz", 0);
  return cloud;
}

TEST(frame_change, gives_coordinates_in_metres_with_z_up_and_puts_the_old_ones_back) {
  PointCloud cloud = one_point();
  const PointCloud before = cloud;
  {
    const FrameChange change(cloud, {.up = Axis::kY, .metres = 0.5});
    EXPECT_THAT(cloud.positions()[0], ElementsAre(5.0, -15.0, 10.0));
    EXPECT_EQ(cloud.find("nz")->as_double(0), 1.0);
    EXPECT_EQ(cloud.find("ny")->as_double(0), 0.0);
    cloud.add("label", FieldType::kUInt8);
  }
  ASSERT_NE(cloud.find("label"), nullptr);
  cloud.fields().pop_back();
  EXPECT_TRUE(identical(cloud, before));
}

TEST(frame_change, does_nothing_for_the_usual_frame) {
  PointCloud cloud = one_point();
  const PointCloud before = cloud;
  const FrameChange change(cloud, {});
  EXPECT_TRUE(identical(cloud, before));
}

TEST(frame_change, needs_coordinates) {
  PointCloud cloud(3);
  EXPECT_THROW(FrameChange(cloud, {.up = Axis::kX}), Error);
}

}  // namespace
}  // namespace ptattn::test
