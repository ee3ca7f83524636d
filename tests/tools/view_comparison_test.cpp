// Which points of two fields differ, by what their classes mean.

#include "view/comparison.hpp"

#include <gmock/gmock.h>

#include <limits>

namespace ptattn::test {
namespace {

using namespace tools;
using testing::ElementsAre;

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
const view::ColorSource kLabel{"label", view::ColorKind::kClasses};
const view::ColorSource kCodes{"classification", view::ColorKind::kClasses};

PointCloud cloud_with(const std::vector<float>& label, const std::vector<float>& codes) {
  PointCloud cloud(label.size());
  std::ranges::copy(label, cloud.add("label", FieldType::kFloat32).values<float>().begin());
  std::ranges::copy(codes,
                    cloud.add("classification", FieldType::kFloat32).values<float>().begin());
  return cloud;
}

view::ClassTable names(const view::ColorSource& source) {
  if (source.name == "classification") return view::asprs_classes();
  return view::ClassTable({{0, "ground", {}}, {1, "vegetation", {}}, {2, "building", {}}});
}

TEST(comparisons, of_two_fields_go_by_the_meaning_of_their_classes) {
  const PointCloud cloud = cloud_with({0, 1, 1, 2, 2, kNone}, {2, 5, 3, 6, 2, kNone});
  const Comparison found = compare({cloud, kLabel}, {cloud, kCodes}, names);
  EXPECT_EQ(found.differing, 1U);
  ASSERT_EQ(found.changes.size(), 1U);
  EXPECT_EQ(found.changes[0].from, 2);
  EXPECT_EQ(found.changes[0].to, 2);
  EXPECT_THAT(differing_points({cloud, kLabel}, {cloud, kCodes}, names),
              ElementsAre(false, false, false, false, true, false));
}

TEST(comparisons, of_points_without_a_class_count_them_as_none) {
  const PointCloud a = cloud_with({0, kNone, kNone}, {2, 2, 2});
  const PointCloud b = cloud_with({0, kNone, 1}, {2, 2, 2});
  const Comparison found = compare({a, kLabel}, {b, kLabel}, names);
  EXPECT_EQ(found.differing, 1U);
  EXPECT_EQ(found.changes[0].from, view::kNoClass);
  EXPECT_EQ(found.changes[0].to, 1);
}

TEST(comparisons, of_numbers_say_by_how_much_they_differ) {
  const PointCloud a = cloud_with({0.5F, kNone, 1.0F}, {0, 0, 0});
  const PointCloud b = cloud_with({0.25F, kNone, 1.0F}, {0, 0, 0});
  const view::ColorSource numbers{"label", view::ColorKind::kScale};
  const Comparison found = compare({a, numbers}, {b, numbers}, names);
  EXPECT_EQ(found.differing, 1U);
  EXPECT_EQ(found.largest, 0.25);
  EXPECT_TRUE(differing_points({a, numbers}, {b, numbers}, names).empty());
}

TEST(comparisons, need_fields_of_one_number_and_equally_many_points) {
  const PointCloud a = cloud_with({0}, {2});
  const PointCloud b = cloud_with({0, 1}, {2, 2});
  EXPECT_EQ(compare({a, kLabel}, {b, kLabel}, names).problem,
            "the clouds have 1 and 2 points, so none are compared");
  const view::ColorSource height{"height", view::ColorKind::kHeight};
  EXPECT_EQ(compare({a, height}, {a, kLabel}, names).problem,
            "label holds classes and height does not, so no points are compared");
  const view::ColorSource missing{"rgb", view::ColorKind::kRgb};
  EXPECT_EQ(compare({a, missing}, {a, missing}, names).problem,
            "rgb is no field of one value, so no points are compared");
}

}  // namespace
}  // namespace ptattn::test
