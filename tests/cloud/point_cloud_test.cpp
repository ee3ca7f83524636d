#include "ptattn/cloud/point_cloud.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ptattn/core/error.hpp"

namespace ptattn::test {
namespace {

PointCloud three_points() {
  PointCloud cloud(3);
  cloud.add("x", FieldType::kFloat64).values<double>()[1] = 4'512'345.678901;
  cloud.add("y", FieldType::kFloat32).values<float>()[1] = 0.1F;
  cloud.add("z", FieldType::kInt16).values<std::int16_t>()[1] = -5;
  return cloud;
}

TEST(point_cloud, finds_fields_by_name_and_refuses_a_second_one) {
  PointCloud cloud = three_points();
  ASSERT_NE(cloud.find("y"), nullptr);
  EXPECT_EQ(cloud.find("y")->type(), FieldType::kFloat32);
  EXPECT_EQ(cloud.find("label"), nullptr);
  EXPECT_THROW(cloud.add("x", FieldType::kFloat32), Error);
  EXPECT_EQ(cloud.add("label", FieldType::kUInt32).bytes().size(), 12U);
}

TEST(point_cloud, positions_are_doubles_of_any_stored_type) {
  const auto positions = three_points().positions();
  ASSERT_EQ(positions.size(), 3U);
  EXPECT_EQ(positions[1][0], 4'512'345.678901);
  EXPECT_EQ(positions[1][1], double{0.1F});
  EXPECT_EQ(positions[1][2], -5.0);
  EXPECT_EQ(positions[2], (std::array<double, 3>{}));
}

TEST(point_cloud, positions_name_the_missing_axis) {
  PointCloud cloud(2);
  cloud.add("x", FieldType::kFloat32);
  cloud.add("z", FieldType::kFloat32);
  cloud.set_name("a.ply");
  try {
    (void)cloud.positions();
    FAIL() << "no exception";
  } catch (const Error& e) {
    EXPECT_EQ(e.fault(), Fault::kInput);
    EXPECT_STREQ(e.what(), "a.ply: has no field y, expected x, y and z");
  }
  cloud.add("y", FieldType::kFloat32, 2);
  EXPECT_THROW((void)cloud.positions(), Error);
}

TEST(point_cloud, a_name_is_for_messages_alone) {
  PointCloud named = three_points();
  EXPECT_EQ(named.name(), "cloud");
  named.set_name("a.ply");
  EXPECT_EQ(named.name(), "a.ply");
  EXPECT_TRUE(identical(named, three_points()));
}

TEST(point_cloud, organised_size_is_width_times_height) {
  const PointCloud cloud(4, 3);
  EXPECT_EQ(cloud.size(), 12U);
  EXPECT_EQ(cloud.width(), 4U);
  EXPECT_EQ(cloud.height(), 3U);
  EXPECT_TRUE(PointCloud().empty());
}

TEST(point_cloud, identical_looks_at_bits_order_and_metadata) {
  const PointCloud cloud = three_points();
  EXPECT_TRUE(identical(cloud, three_points()));

  PointCloud changed = three_points();
  changed.find("y")->values<float>()[0] = -0.0F;  // equal to 0.0F, another bit
  EXPECT_FALSE(identical(cloud, changed));

  changed = three_points();
  std::swap(changed.fields()[0], changed.fields()[1]);
  EXPECT_FALSE(identical(cloud, changed));

  changed = three_points();
  changed.metadata().viewpoint[0] = 1;
  EXPECT_FALSE(identical(cloud, changed));

  changed = three_points();
  changed.metadata().elements.push_back({.name = "face", .items = 0});
  EXPECT_FALSE(identical(cloud, changed));

  PointCloud nan = three_points();
  nan.find("y")->values<float>()[0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(identical(nan, PointCloud(nan)));
}

}  // namespace
}  // namespace ptattn::test
