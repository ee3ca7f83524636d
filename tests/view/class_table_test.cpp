#include "ptattn/cloud/field_meaning.hpp"
#include "ptattn/view/class_table.hpp"

#include <gmock/gmock.h>

#include <array>
#include <set>

namespace ptattn::view {
namespace {

using ::testing::ElementsAre;

TEST(ClassTable, AsprsCodes) {
  EXPECT_EQ(asprs_classes()[2].name, "ground");
  EXPECT_EQ(asprs_classes()[6].name, "building");
  EXPECT_EQ(asprs_classes()[9].name, "water");
  EXPECT_EQ(asprs_classes()[17].name, "bridge");
  EXPECT_TRUE(asprs_classes().knows(18));
  EXPECT_FALSE(asprs_classes().knows(19));
}

TEST(ClassTable, ModelClassesHaveTheModelsColours) {
  const std::array<std::string, 2> names{"leg", "seat"};
  const std::array<Rgb, 2> palette{{{1, 2, 3}, {4, 5, 6}}};
  const ClassTable table = model_classes(names, palette);
  EXPECT_EQ(table[1].name, "seat");
  EXPECT_THAT(table[1].color, ElementsAre(4, 5, 6));
}

TEST(ClassTable, UnknownLabelsHaveColoursOfTheirOwn) {
  const ClassTable table;
  EXPECT_EQ(table[17].name, "class 17");
  std::set<Rgb> colors;
  for (int code = -1; code < 40; ++code) colors.insert(table[code].color);
  EXPECT_EQ(colors.size(), 41U);
}

TEST(ClassTable, ClassificationHoldsAsprsCodes) {
  EXPECT_TRUE(names_asprs_codes("classification"));
  EXPECT_TRUE(names_asprs_codes("scalar_Classification"));
  EXPECT_FALSE(names_asprs_codes("label"));
}

}  // namespace
}  // namespace ptattn::view
