#include "ptattn/train/label_fields.hpp"

#include <gmock/gmock.h>

#include "ptattn/core/error.hpp"
#include "test_scenes.hpp"

namespace ptattn::test {
namespace {

using namespace train;
using testing::ElementsAre;
using testing::Pair;

PointCloud labelled(std::initializer_list<float> values) {
  PointCloud cloud(values.size());
  std::ranges::copy(values, cloud.add("label", FieldType::kFloat32).values<float>().begin());
  return cloud;
}

TEST(read_labels, looks_values_up) {
  const Truth truth{.field = "label", .labels = {{2, 0}, {6, 1}}, .others = kUnlabelled};
  EXPECT_THAT(read_labels(labelled({2, 6, 6, 9}), truth), ElementsAre(0, 1, 1, kUnlabelled));
}

TEST(read_labels, refuses_what_means_nothing) {
  const Truth truth{.field = "label", .labels = {{2, 0}}};
  EXPECT_THROW((void)read_labels(labelled({2, 3}), truth), Error);
  EXPECT_THROW((void)read_labels(labelled({2.5}), truth), Error);
  const Truth elsewhere{.field = "class", .labels = {{2, 0}}};
  EXPECT_THROW((void)read_labels(labelled({2}), elsewhere), Error);
}

TEST(count_values, counts_and_refuses_too_many) {
  EXPECT_THAT(count_values(labelled({2, 6, 6}), "label"), ElementsAre(Pair(2, 1), Pair(6, 2)));
  EXPECT_THROW((void)count_values(labelled({1, 2, 3}), "label", 2), Error);
}

TEST(cut_off, cuts_the_end_of_the_longer_side_and_leaves_a_gap) {
  LabelledCloud place = village(50.0);
  for (auto& p : place.positions) p[1] *= 2.0F;
  const auto [rest, end] = cut_off(place, 0.2, 5.0);
  for (const auto& p : rest.positions) EXPECT_LT(p[1], 75.1F);
  for (const auto& p : end.positions) EXPECT_GT(p[1], 79.9F);
  EXPECT_LT(rest.size() + end.size(), place.size());
  EXPECT_NEAR(static_cast<double>(end.size()) / static_cast<double>(place.size()), 0.2, 0.01);
}

TEST(cut_off, cuts_the_beginning_of_what_is_left) {
  LabelledCloud place = village(50.0);
  for (auto& p : place.positions) p[1] = 2.0F * p[1] + 30.0F;
  const auto [rest, first] = cut_off(place, 0.2, 5.0, PlaceEnd::kFirst);
  for (const auto& p : rest.positions) EXPECT_GT(p[1], 54.9F);
  for (const auto& p : first.positions) EXPECT_LT(p[1], 50.1F);
  EXPECT_NEAR(static_cast<double>(first.size()) / static_cast<double>(place.size()), 0.2, 0.01);
}

}  // namespace
}  // namespace ptattn::test
