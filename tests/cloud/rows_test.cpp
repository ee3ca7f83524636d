#include "ptattn/cloud/rows.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "ptattn/cloud/bounds.hpp"

namespace ptattn::test {
namespace {

using testing::ElementsAre;

TEST(take_points, takes_all_fields_of_the_points) {
  PointCloud cloud(4);
  const std::span<double> x = cloud.add("x", FieldType::kFloat64).values<double>();
  const auto label = cloud.add("label", FieldType::kUInt8).values<std::uint8_t>();
  for (std::size_t i = 0; i < 4; ++i) {
    x[i] = static_cast<double>(i);
    label[i] = static_cast<std::uint8_t>(10 + i);
  }
  const std::span<float> pair = cloud.add("pair", FieldType::kFloat32, 2).values<float>();
  for (std::size_t i = 0; i < 8; ++i) pair[i] = static_cast<float>(i);
  const PointCloud taken = take_points(cloud, {1, 3});
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_THAT(taken.find("x")->values<double>(), ElementsAre(1, 3));
  EXPECT_THAT(taken.find("label")->values<std::uint8_t>(), ElementsAre(11, 13));
  EXPECT_THAT(taken.find("pair")->values<float>(), ElementsAre(2, 3, 6, 7));
}

TEST(rows_relative_to, takes_the_difference_before_it_rounds) {
  const std::vector<Position> points{{700000.0625, 2, 3}, {700000.125, -4, 5}};
  const Matrix rows = rows_relative_to({700000, 1, 0}, points);
  ASSERT_EQ(rows.rows(), 2U);
  EXPECT_EQ(rows(0, 0), 0.0625F);
  EXPECT_EQ(rows(0, 1), 1.0F);
  EXPECT_EQ(rows(1, 0), 0.125F);
  EXPECT_EQ(rows(1, 2), 5.0F);
}

TEST(rows_relative_to, takes_the_rows_asked_for_in_their_order) {
  const std::vector<Position> points{{1, 0, 0}, {2, 0, 0}, {3, 0, 0}};
  const std::vector<std::uint32_t> wanted{2, 0, 2};
  const Matrix rows = rows_relative_to({1, 0, 0}, points, wanted);
  ASSERT_EQ(rows.rows(), 3U);
  EXPECT_EQ(rows(0, 0), 2.0F);
  EXPECT_EQ(rows(1, 0), 0.0F);
  EXPECT_EQ(rows(2, 0), 2.0F);
}

TEST(bounds_of, finds_box_middle_and_sides) {
  const std::vector<Position> points{{1, -2, 0}, {3, 4, -8}, {2, 0, 2}};
  const PositionBounds bounds = bounds_of(points);
  EXPECT_EQ(bounds.low, (Position{1, -2, -8}));
  EXPECT_EQ(bounds.high, (Position{3, 4, 2}));
  EXPECT_EQ(bounds.middle(), (Position{2, 1, -3}));
  EXPECT_EQ(bounds.extent(), (Position{2, 6, 10}));
}

TEST(bounds_of, no_positions_have_zeros) {
  EXPECT_EQ(bounds_of({}).high, Position{});
  EXPECT_EQ(bounds_of({}).extent(), Position{});
}

}  // namespace
}  // namespace ptattn::test
