// What a cloud can be coloured by, in which order, and the colours themselves.

#include "ptattn/view/coloring.hpp"

#include <gmock/gmock.h>

#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "clouds.hpp"
#include "ptattn/core/error.hpp"

namespace ptattn::test {
namespace {

using namespace view;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> names_of(const PointCloud& cloud) {
  std::vector<std::string> names;
  for (const ColorSource& source : color_sources(cloud)) names.push_back(source.name);
  return names;
}

TEST(color_sources, the_most_telling_first) {
  PointCloud cloud = line_of(3);
  for (const char* const name : {"roughness", "margin", "entropy", "confidence", "intensity",
                                 "f_000", "f_001", "f_002", "attention"}) {
    add_field<float>(cloud, name, {0.0F, 0.5F, 1.0F});
  }
  for (const char* const name : {"red", "green", "blue", "new_label", "classification", "label"}) {
    add_field<std::uint8_t>(cloud, name, {0, 1, 2});
  }
  EXPECT_THAT(names_of(cloud),
              ElementsAre("label", "classification", "new_label", "attention", "rgb", "features",
                          "intensity", "height", "confidence", "entropy", "margin", "roughness",
                          "f_000", "f_001", "f_002"));
}

TEST(color_sources, height_is_always_there) {
  EXPECT_THAT(names_of(line_of(2)), ElementsAre("height"));
}

TEST(color_sources, constant_fields_come_last) {
  PointCloud cloud = line_of(2);
  add_field<float>(cloud, "intensity", {7, 7});
  EXPECT_THAT(names_of(cloud), ElementsAre("height", "intensity"));
}

TEST(color_sources, labels_are_whole_numbers_of_that_name) {
  PointCloud cloud = line_of(2);
  add_field<float>(cloud, "scalar_Classification", {2.0F, 6.0F});  // as CloudCompare saves it
  add_field<float>(cloud, "label", {0.5F, 1.0F});
  const auto sources = color_sources(cloud);
  EXPECT_EQ(sources[0], (ColorSource{"label", ColorKind::kScale}));
  EXPECT_EQ(sources[1], (ColorSource{"scalar_Classification", ColorKind::kClasses}));
}

TEST(color_sources, are_found_as_people_say_them) {
  PointCloud cloud = line_of(2);
  add_field<float>(cloud, "scalar_Intensity", {1, 2});
  add_field<float>(cloud, "descriptor", {0, 1, 2, 3, 4, 5, 6, 7}, 4);
  EXPECT_EQ(find_color_source(cloud, "intensity").name, "scalar_Intensity");
  EXPECT_EQ(find_color_source(cloud, "descriptor_3").name, "descriptor_3");
  EXPECT_EQ(find_color_source(cloud, "x").kind, ColorKind::kScale);
  cloud.set_name("a.ply");
  try {
    (void)find_color_source(cloud, "label");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kInput);
    EXPECT_STREQ(error.what(),
                 "a.ply: has nothing called label to colour by, it has features, "
                 "scalar_Intensity, height");
  }
}

TEST(colors, classes_have_their_colours_and_are_counted) {
  PointCloud cloud = line_of(5);
  add_field<std::uint8_t>(cloud, "classification", {6, 2, 6, 40, 6});
  const Coloring coloring =
      color_by(cloud, {"classification", ColorKind::kClasses}, asprs_classes());
  EXPECT_EQ(coloring.colors[0], asprs_classes()[6].color);
  EXPECT_EQ(coloring.colors[1], asprs_classes()[2].color);
  ASSERT_EQ(coloring.legend.classes.size(), 3U);
  EXPECT_EQ(coloring.legend.classes[0].style.name, "ground");
  EXPECT_EQ(coloring.legend.classes[0].points, 1U);
  EXPECT_EQ(coloring.legend.classes[1].style.name, "building");
  EXPECT_EQ(coloring.legend.classes[1].points, 3U);
  EXPECT_EQ(coloring.legend.classes[2].style.name, "class 40");
}

TEST(colors, points_without_a_class_come_last) {
  PointCloud cloud = line_of(4);
  const float none = std::numeric_limits<float>::quiet_NaN();
  add_field<float>(cloud, "scalar_Classification", {none, 6.0F, none, 2.0F});
  const ColorSource source = color_sources(cloud).front();
  EXPECT_EQ(source, (ColorSource{"scalar_Classification", ColorKind::kClasses}));
  const Coloring coloring = color_by(cloud, source, asprs_classes());
  EXPECT_THAT(coloring.colors[0], ElementsAre(128, 128, 128));
  ASSERT_EQ(coloring.legend.classes.size(), 3U);
  EXPECT_EQ(coloring.legend.classes[0].style.name, "ground");
  EXPECT_EQ(coloring.legend.classes[2].style.name, "none");
  EXPECT_EQ(coloring.legend.classes[2].points, 2U);
}

TEST(colors, numbers_alone_make_a_field_of_classes) {
  PointCloud cloud = line_of(2);
  const float none = std::numeric_limits<float>::quiet_NaN();
  add_field<float>(cloud, "label", {none, none});
  EXPECT_EQ(color_sources(cloud).back(), (ColorSource{"label", ColorKind::kScale}));
}

TEST(colors, scales_say_where_numbers_lie_beyond_them) {
  PointCloud cloud = line_of(3);
  add_field<float>(cloud, "roughness", {0.0F, 1.0F, 2.0F});
  const ColorSource source{"roughness", ColorKind::kScale};
  const auto legend = [&](double low, double high) {
    return color_by(cloud, source, {}, ColorRange{low, high}).legend;
  };
  EXPECT_FALSE(legend(0.0, 2.0).below || legend(0.0, 2.0).above);
  EXPECT_TRUE(legend(0.5, 2.0).below);
  EXPECT_FALSE(legend(0.5, 2.0).above);
  EXPECT_TRUE(legend(0.0, 1.5).above);
}

TEST(colors, scales_go_from_their_first_to_their_99th_percentile) {
  PointCloud cloud = line_of(101);
  std::vector<float> values(101);
  std::iota(values.begin(), values.end(), 0.0F);
  values[100] = 1e9F;  // an outlier
  add_field(cloud, "roughness", values);
  const ColorSource source{"roughness", ColorKind::kScale};
  const auto range = color_range(cloud, source);
  ASSERT_TRUE(range);
  EXPECT_EQ(range->low, 1.0);
  EXPECT_EQ(range->high, 99.0);
  const Coloring coloring = color_by(cloud, source, {});
  EXPECT_EQ(coloring.colors[1], color_of(0.0));
  EXPECT_EQ(coloring.colors[50], color_of(0.5));
  EXPECT_EQ(coloring.colors[100], color_of(1.0));
  // Another range: several clouds on one scale.
  EXPECT_EQ(color_by(cloud, source, {}, ColorRange{0.0, 200.0}).colors[50], color_of(0.25));
}

TEST(colors, confidence_is_a_probability) {
  PointCloud cloud = line_of(2);
  add_field<float>(cloud, "confidence", {0.9F, 1.0F});
  const auto range = color_range(cloud, {"confidence", ColorKind::kScale});
  EXPECT_EQ(range->low, 0.0);
  EXPECT_EQ(range->high, 1.0);
}

TEST(colors, no_number_is_grey) {
  PointCloud cloud = line_of(3);
  add_field<float>(cloud, "roughness", {0.0F, 1.0F, std::numeric_limits<float>::quiet_NaN()});
  EXPECT_THAT(color_by(cloud, {"roughness", ColorKind::kScale}, {}).colors[2],
              ElementsAre(128, 128, 128));
}

TEST(colors, of_eight_and_sixteen_bits_floats_and_packed) {
  const ColorSource rgb{"rgb", ColorKind::kRgb};
  PointCloud bytes = line_of(1);
  for (const char* const name : {"red", "green", "blue"}) {
    add_field<std::uint8_t>(bytes, name, {static_cast<std::uint8_t>(name[0])});
  }
  EXPECT_THAT(color_by(bytes, rgb, {}).colors[0], ElementsAre('r', 'g', 'b'));

  PointCloud words = line_of(1);
  add_field<std::uint16_t>(words, "red", {65535});
  add_field<std::uint16_t>(words, "green", {257 * 100});
  add_field<std::uint16_t>(words, "blue", {0});
  EXPECT_THAT(color_by(words, rgb, {}).colors[0], ElementsAre(255, 100, 0));

  PointCloud reals = line_of(1);
  add_field<float>(reals, "red", {1.0F});
  add_field<float>(reals, "green", {0.2F});
  add_field<float>(reals, "blue", {0.0F});
  EXPECT_THAT(color_by(reals, rgb, {}).colors[0], ElementsAre(255, 51, 0));

  PointCloud packed = line_of(1);
  add_field<float>(packed, "rgb", {std::bit_cast<float>(0x00102030U)});
  EXPECT_EQ(color_sources(packed).front(), rgb);
  EXPECT_THAT(color_by(packed, rgb, {}).colors[0], ElementsAre(0x10, 0x20, 0x30));
}

TEST(colors, three_features_are_red_green_and_blue) {
  PointCloud cloud = line_of(3);
  add_field<float>(cloud, "embedding", {0, 9, 5, 7, 1, 8, 5, 7, 2, 7, 5, 7}, 4);
  const Coloring coloring = color_by(cloud, {"features", ColorKind::kFeatures}, {});
  EXPECT_THAT(coloring.colors[0], ElementsAre(0, 255, 0));
  EXPECT_THAT(coloring.colors[1], ElementsAre(128, 128, 0));
  EXPECT_THAT(coloring.colors[2], ElementsAre(255, 0, 0));
}

TEST(colors, ranges_need_values) {
  EXPECT_EQ(range_within({}, 99.0).high, 1.0);
  EXPECT_EQ(range_within({4.0F, 4.0F}, 99.0).low, 4.0);
  EXPECT_EQ(range_within({4.0F, 4.0F}, 99.0).high, 5.0);
  EXPECT_THROW((void)range_within({1.0F}, 50.0), Error);
}

}  // namespace
}  // namespace ptattn::test
