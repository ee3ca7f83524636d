#include "ptattn/cloud/columns.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"

namespace ptattn::test {
namespace {

using testing::ElementsAre;
using Names = std::vector<std::string>;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Four points a metre apart, far from the origin, with attributes of many kinds.
PointCloud four_points() {
  PointCloud cloud(4);
  for (const char* const axis : {"x", "y", "z"}) cloud.add(axis, FieldType::kFloat64);
  const auto x = cloud.find("x")->values<double>();
  std::iota(x.begin(), x.end(), 5e6);
  const auto intensity = cloud.add("intensity", FieldType::kUInt16).values<std::uint16_t>();
  std::iota(intensity.begin(), intensity.end(), std::uint16_t{10});
  const auto descriptor = cloud.add("descriptor", FieldType::kFloat32, 2).values<float>();
  std::iota(descriptor.begin(), descriptor.end(), 0.0F);
  return cloud;
}

Names names_of(const std::vector<FieldColumn>& columns) {
  Names names;
  for (const FieldColumn& column : columns) names.push_back(column.name());
  return names;
}

std::vector<std::size_t> groups_of(const std::vector<FieldColumn>& columns) {
  std::vector<std::size_t> groups;
  for (const FieldColumn& column : columns) groups.push_back(column.group());
  return groups;
}

const std::vector<std::size_t> kAll{0, 1, 2, 3};

TEST(columns, names_stand_for_fields_and_their_components) {
  const PointCloud cloud = four_points();
  const auto columns = select_columns(cloud, Names{"descriptor", "xyz", "intensity"});
  EXPECT_THAT(names_of(columns),
              ElementsAre("descriptor_0", "descriptor_1", "x", "y", "z", "intensity"));
  EXPECT_THAT(groups_of(columns), ElementsAre(0, 0, 1, 1, 1, 2));
  EXPECT_EQ(columns[1](3), 7.0);
  EXPECT_EQ(columns[2](2), 5000002.0);
}

TEST(columns, normals_of_both_kinds) {
  for (const Names& names : {Names{"normal_x", "normal_y", "normal_z"}, Names{"nx", "ny", "nz"}}) {
    PointCloud cloud(1);
    for (const std::string& name : names) cloud.add(name, FieldType::kFloat32);
    EXPECT_EQ(names_of(select_columns(cloud, Names{"normals"})), names);
  }
}

TEST(columns, packed_colours_are_taken_apart) {
  PointCloud cloud(1);
  cloud.add("rgb", FieldType::kFloat32).values<float>()[0] = std::bit_cast<float>(0xFF0A80FEU);
  const auto columns = select_columns(cloud, Names{"colors"});
  EXPECT_THAT(names_of(columns), ElementsAre("red", "green", "blue"));
  EXPECT_EQ(columns[0](0), 10.0);
  EXPECT_EQ(columns[1](0), 128.0);
  EXPECT_EQ(columns[2](0), 254.0);
}

TEST(columns, an_unknown_name_is_refused) {
  PointCloud cloud = four_points();
  cloud.set_name("a.ply");
  for (const char* const name : {"normals", "colors", "label"}) {
    try {
      (void)select_columns(cloud, Names{"x", name});
      FAIL() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::kInput);
      EXPECT_EQ(error.what(), "a.ply: has no field " + std::string(name) +
                                  ", expected one of x, y, z, intensity, descriptor");
    }
  }
}

TEST(columns, standardizing_keeps_proportions_of_what_was_chosen_together) {
  const PointCloud cloud = four_points();
  const auto columns = select_columns(cloud, Names{"xyz", "intensity"});
  const ColumnScaling scaling = standardizing(columns, kAll);
  // Variance of 0 1 2 3: 1.25; of xyz together: 1.25 / 3.
  EXPECT_THAT(scaling.offset, ElementsAre(5000001.5, 0.0, 0.0, 11.5));
  EXPECT_DOUBLE_EQ(scaling.scale[0], std::sqrt(1.25 / 3));
  EXPECT_DOUBLE_EQ(scaling.scale[2], std::sqrt(1.25 / 3));
  EXPECT_DOUBLE_EQ(scaling.scale[3], std::sqrt(1.25));
  const Matrix values = column_values(columns, kAll, scaling);
  EXPECT_FLOAT_EQ(values(0, 0), static_cast<float>(-1.5 / std::sqrt(1.25 / 3)));
  EXPECT_EQ(values(0, 1), 0.0F);
  EXPECT_FLOAT_EQ(values(3, 3), static_cast<float>(1.5 / std::sqrt(1.25)));
}

TEST(columns, values_that_are_not_finite_do_not_count_and_become_the_mean) {
  PointCloud cloud = four_points();
  const auto x = cloud.find("x")->values<double>();
  x[0] = kNaN;
  x[3] = std::numeric_limits<double>::infinity();
  const auto columns = select_columns(cloud, Names{"x", "y"});
  const ColumnScaling scaling = standardizing(columns, kAll);
  EXPECT_THAT(scaling.offset, ElementsAre(5000001.5, 0.0));
  EXPECT_THAT(scaling.scale, ElementsAre(0.5, 1.0)) << "no spread: 1";
  const Matrix values = column_values(columns, kAll, scaling);
  EXPECT_THAT(values.values(), ElementsAre(0, 0, -1, 0, 1, 0, 0, 0));
  EXPECT_TRUE(std::isnan(column_values(columns, kAll)(0, 0)));
}

TEST(columns, only_the_chosen_points_count) {
  const PointCloud cloud = four_points();
  const auto columns = select_columns(cloud, Names{"x"});
  const std::vector<std::size_t> chosen{3, 1};
  EXPECT_THAT(standardizing(columns, chosen).offset, ElementsAre(5000002.0));
  EXPECT_THAT(column_values(columns, chosen).values(), ElementsAre(5000003.0F, 5000001.0F));
  EXPECT_THAT(standardizing(columns, {}).scale, ElementsAre(1.0));
}

TEST(columns, same_bits_for_any_thread_count) {
  PointCloud cloud(50000);
  const auto x = cloud.add("x", FieldType::kFloat64).values<double>();
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<double>(i));
  std::vector<std::size_t> all(x.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  const auto columns = select_columns(cloud, Names{"x"});
  const auto run = [&](int threads) {
    const ThreadLimit limit(threads);
    return column_values(columns, all, standardizing(columns, all));
  };
  const Matrix one = run(1);
  const Matrix eight = run(8);
  EXPECT_EQ(std::memcmp(one.data(), eight.data(), one.size() * sizeof(float)), 0);
}

}  // namespace
}  // namespace ptattn::test
