#include "ptattn/cloud/paint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <string>
#include <vector>

#include "ptattn/core/error.hpp"

namespace ptattn::test {
namespace {

using testing::ElementsAre;

const std::vector<Rgb> kColors{{255, 128, 1}, {0, 2, 3}};

PointCloud two_points(const std::vector<std::string>& byte_fields) {
  PointCloud cloud(2);
  cloud.add("x", FieldType::kFloat32).values<float>()[1] = 7.0F;
  for (const std::string& name : byte_fields) {
    cloud.add(name, FieldType::kUInt8).values<std::uint8_t>()[1] = 9;
  }
  return cloud;
}

std::vector<std::string> names_of(const PointCloud& cloud) {
  std::vector<std::string> names;
  for (const Field& field : cloud.fields()) names.push_back(field.name());
  return names;
}

TEST(paint, channels_are_bytes_at_the_end) {
  PointCloud cloud = two_points({"intensity"});
  paint(cloud, kColors, ColorLayout::kChannels);
  EXPECT_THAT(names_of(cloud), ElementsAre("x", "intensity", "red", "green", "blue"));
  EXPECT_THAT(cloud.find("red")->values<std::uint8_t>(), ElementsAre(255, 0));
  EXPECT_THAT(cloud.find("green")->values<std::uint8_t>(), ElementsAre(128, 2));
  EXPECT_THAT(cloud.find("blue")->values<std::uint8_t>(), ElementsAre(1, 3));
}

TEST(paint, packed_is_pcls_float) {
  PointCloud cloud = two_points({});
  paint(cloud, kColors, ColorLayout::kPacked);
  const auto rgb = cloud.find("rgb")->values<float>();
  EXPECT_EQ(std::bit_cast<std::uint32_t>(rgb[0]), 0x00ff8001U);
  EXPECT_EQ(std::bit_cast<std::uint32_t>(rgb[1]), 0x00000203U);
}

TEST(paint, earlier_colours_are_kept_in_their_place) {
  PointCloud cloud = two_points({"red", "green", "blue", "alpha", "rgba"});
  paint(cloud, kColors, ColorLayout::kChannels);
  paint(cloud, kColors, ColorLayout::kChannels);
  EXPECT_THAT(names_of(cloud), ElementsAre("x", "original_red", "original_green", "original_blue",
                                           "alpha", "rgba", "original_red_2", "original_green_2",
                                           "original_blue_2", "red", "green", "blue"));
  EXPECT_THAT(cloud.find("original_red")->values<std::uint8_t>(), ElementsAre(0, 9));
  EXPECT_THAT(cloud.find("original_red_2")->values<std::uint8_t>(), ElementsAre(255, 0));
}

TEST(paint, packed_takes_the_place_of_rgb_and_rgba_only) {
  PointCloud cloud = two_points({"red", "rgb", "rgba"});
  paint(cloud, kColors, ColorLayout::kPacked);
  EXPECT_THAT(names_of(cloud), ElementsAre("x", "red", "original_rgb", "original_rgba", "rgb"));
}

TEST(paint, wrong_number_of_colours_changes_nothing) {
  PointCloud cloud = two_points({"red"});
  const PointCloud before(cloud);
  EXPECT_THROW(paint(cloud, std::span(kColors).first(1), ColorLayout::kChannels), Error);
  EXPECT_TRUE(identical(cloud, before));
}

TEST(paint, an_empty_cloud_gets_the_fields) {
  PointCloud cloud(0);
  paint(cloud, {}, ColorLayout::kPacked);
  EXPECT_THAT(names_of(cloud), ElementsAre("rgb"));
}

}  // namespace
}  // namespace ptattn::test
