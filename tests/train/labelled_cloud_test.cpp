#include "ptattn/train/labelled_cloud.hpp"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>

#include "ptattn/core/error.hpp"
#include "test_scenes.hpp"

namespace ptattn::test {
namespace {

using namespace train;
using testing::ElementsAre;

LabelSpace aerial() {
  return {.classes = {"ground", "tree", "house"}};
}

TEST(label_space, reads_classes_and_what_points_are_not) {
  LabelSpace space = aerial();
  EXPECT_EQ(space.find_or_add("house", "map"), 2);
  EXPECT_EQ(space.find_or_add("ignore", "map"), kUnlabelled);
  EXPECT_EQ(space.find_or_add("not_ground", "map"), 3);
  EXPECT_EQ(space.find_or_add("not_house_not_ground", "map"), 4);
  EXPECT_EQ(space.find_or_add("not_ground_not_house", "map"), 4);
  EXPECT_THAT(space.exclusions[1], ElementsAre(0, 2));
  EXPECT_EQ(space.name(4), "not ground, not house");
}

TEST(label_space, names_what_is_left_where_most_is_excluded) {
  LabelSpace space{.classes = {"leg", "seat", "arm", "wing", "tail", "body", "fin", "head"}};
  const auto name = [&](const char* text) { return space.name(space.find_or_add(text, "map")); };
  EXPECT_EQ(name("not_leg_not_seat_not_arm"), "not leg, not seat, not arm");
  EXPECT_EQ(name("not_leg_not_seat_not_arm_not_fin_not_head_not_body"), "wing or tail");
  EXPECT_EQ(name("not_leg_not_seat_not_arm_not_fin"), "wing or tail or body or 1 more");
}

TEST(label_space, refuses_what_names_no_class) {
  LabelSpace space = aerial();
  EXPECT_THROW((void)space.find_or_add("hous", "map"), Error);
  EXPECT_THROW((void)space.find_or_add("not_car", "map"), Error);
  EXPECT_THROW((void)space.find_or_add("not_ground_not_tree_not_house", "map"), Error);
}

/// Three points a large way from the origin, one of them without a height.
PointCloud georeferenced() {
  PointCloud cloud(4);
  const double rows[4][3] = {{651000.25, 6862000.5, 12},
                             {651001.25, 6862000.5, 13},
                             {651000.25, 6862002.5, 12},
                             {0, 0, std::numeric_limits<double>::quiet_NaN()}};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    Field& field = cloud.add(std::string(1, "xyz"[axis]), FieldType::kFloat64);
    for (std::size_t i = 0; i < 4; ++i) field.values<double>()[i] = rows[i][axis];
  }
  Field& intensity = cloud.add("scalar_Intensity", FieldType::kUInt16);
  for (std::size_t i = 0; i < 4; ++i) {
    intensity.values<std::uint16_t>()[i] = static_cast<std::uint16_t>(100 * i);
  }
  return cloud;
}

TEST(take_labelled, keeps_finite_points_from_their_least_coordinates) {
  const std::vector<Label> labels{0, 1, 2, 0};
  const LabelledCloud cloud = take_labelled(georeferenced(), labels, small_profile());
  ASSERT_EQ(cloud.size(), 3U);
  EXPECT_THAT(cloud.positions[2], ElementsAre(0.0F, 2.0F, 0.0F));
  EXPECT_THAT(cloud.labels, ElementsAre(0, 1, 2));
  ASSERT_EQ(cloud.attributes.size(), 1U);
  EXPECT_EQ(cloud.attributes[0].name, "intensity");
  EXPECT_THAT(cloud.attributes[0].values, ElementsAre(0.0F, 100.0F, 200.0F));
}

TEST(append, drops_attributes_that_one_cloud_lacks) {
  LabelledCloud cloud = village(10.0);
  LabelledCloud other = village(10.0, 2);
  other.drop(AttributeKind::kReturns);
  const std::size_t together = cloud.size() + other.size();
  append(cloud, other);
  EXPECT_EQ(cloud.size(), together);
  ASSERT_EQ(cloud.attributes.size(), 1U);
  EXPECT_EQ(cloud.attributes[0].values.size(), together);
}

TEST(number_objects, tells_houses_apart_that_do_not_touch) {
  LabelledCloud cloud{.name = "", .positions = {}, .labels = {}};
  for (const float x : {0.0F, 1.5F, 3.0F, 12.0F, 13.0F}) {
    cloud.positions.push_back({x, 0, 0});
    cloud.labels.push_back(1);
  }
  cloud.labels.push_back(0);
  cloud.positions.push_back({6, 0, 0});
  const auto numbers = number_objects(cloud, 1, 2.0);
  EXPECT_THAT(numbers, ElementsAre(0, 0, 0, 1, 1, -1));
}

TEST(plan_density, counts_occupied_cells_only) {
  EXPECT_NEAR(plan_density(village(40.0), 10.0), 9.0, 0.1);
  LabelledCloud twice = village(40.0);
  LabelledCloud far = village(40.0);
  for (auto& p : far.positions) p[0] += 1000.0F;
  append(twice, far);
  EXPECT_NEAR(plan_density(twice, 10.0), 9.0, 0.1);
}

}  // namespace
}  // namespace ptattn::test
