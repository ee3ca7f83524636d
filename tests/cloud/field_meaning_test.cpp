#include "ptattn/cloud/field_meaning.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <initializer_list>
#include <limits>
#include <string>

#include "ptattn/core/error.hpp"

namespace ptattn::test {
namespace {

PointCloud cloud_of(std::initializer_list<const char*> names,
                    FieldType type = FieldType::kFloat32) {
  PointCloud cloud(2);
  for (const char* const name : names) cloud.add(name, type);
  return cloud;
}

TEST(plain_name, drops_case_marks_and_the_prefix_of_cloudcompare) {
  EXPECT_EQ(plain_name("scalar_Return Number"), "returnnumber");
  EXPECT_EQ(plain_name("Scalar_Classification"), "classification");
  EXPECT_EQ(plain_name("scalarity"), "scalarity");
  EXPECT_EQ(plain_name("f_000"), "f000");
}

TEST(coordinates, are_found_in_the_spelling_of_every_program) {
  for (const auto& names : {std::initializer_list<const char*>{"x", "y", "z"},
                            {"X", "Y", "Z"},  // PDAL
                            {"position_x", "position_y", "position_z"},
                            {"pos_x", "pos_y", "pos_z"}}) {
    PointCloud cloud = cloud_of(names);
    cloud.fields()[2].values<float>()[1] = 7.0F;
    EXPECT_EQ(cloud.positions()[1][2], 7.0) << *names.begin();
    EXPECT_EQ(find_coordinates(cloud)[0]->name(), *names.begin()) << "names are kept";
    EXPECT_EQ(find_columns(cloud, "xyz").size(), 3U);
  }
}

TEST(coordinates, small_letters_win_and_scalar_fields_are_none) {
  const PointCloud both = cloud_of({"X", "Y", "Z", "x", "y", "z"});
  EXPECT_EQ(find_coordinates(both)[0]->name(), "x");
  const PointCloud scalars = cloud_of({"scalar_X", "scalar_Y", "scalar_Z"});
  EXPECT_THROW((void)scalars.positions(), Error);
  const PointCloud mixed = cloud_of({"x", "Y", "z"});
  EXPECT_EQ(mixed.positions().size(), 2U);
}

TEST(colors, are_found_in_the_spelling_of_every_program) {
  for (const auto& names : {std::initializer_list<const char*>{"red", "green", "blue"},
                            {"Red", "Green", "Blue"},  // PDAL
                            {"r", "g", "b"},
                            {"R", "G", "B"},
                            {"diffuse_red", "diffuse_green", "diffuse_blue"},  // OpenSfM
                            {"scalar_R", "scalar_G", "scalar_B"}}) {           // CloudCompare
    const PointCloud cloud = cloud_of(names, FieldType::kUInt8);
    ASSERT_TRUE(find_colors(cloud)) << *names.begin();
    EXPECT_EQ((*find_colors(cloud))[0]->name(), *names.begin());
    EXPECT_EQ(find_columns(cloud, "colors").size(), 3U);
  }
  EXPECT_FALSE(find_colors(cloud_of({"r", "g"})));
  EXPECT_EQ(meaning_of("r"), Meaning::kOther) << "alone it may be anything";
  EXPECT_EQ(meaning_of("diffuse_green"), Meaning::kGreen);
}

TEST(colors, in_one_number_have_four_bytes) {
  EXPECT_NE(find_packed_colors(cloud_of({"rgb"})), nullptr);
  EXPECT_NE(find_packed_colors(cloud_of({"RGBA"}, FieldType::kUInt32)), nullptr);
  EXPECT_EQ(find_packed_colors(cloud_of({"rgb"}, FieldType::kFloat64)), nullptr);
  EXPECT_TRUE(is_packed_color(cloud_of({"rgb"}).fields()[0]));
}

TEST(full_color, follows_type_and_values) {
  const auto full = [](FieldType type, double largest) {
    PointCloud cloud = cloud_of({"Red", "Green", "Blue"}, type);
    visit_type(type, [&]<class T>(T) {
      cloud.fields()[1].template values<T>()[1] = static_cast<T>(largest);
    });
    return full_color(find_columns(cloud, "colors"), cloud.size());
  };
  EXPECT_EQ(full(FieldType::kUInt8, 1), 255.0);
  EXPECT_EQ(full(FieldType::kUInt16, 65000), 65535.0);
  EXPECT_EQ(full(FieldType::kUInt16, 200), 255.0) << "bytes in a LAS file";
  EXPECT_EQ(full(FieldType::kFloat32, 1.0), 1.0);
  EXPECT_EQ(full(FieldType::kFloat32, 254.0), 255.0);
  EXPECT_EQ(full_color(find_columns(cloud_of({"rgb"}), "colors"), 2), 255.0);
}

TEST(normals_intensity_and_returns, are_found_in_the_spelling_of_every_program) {
  EXPECT_TRUE(find_normals(cloud_of({"nx", "ny", "nz"})));                 // MeshLab
  EXPECT_TRUE(find_normals(cloud_of({"NormalX", "NormalY", "NormalZ"})));  // PDAL
  EXPECT_TRUE(find_normals(cloud_of({"scalar_Nx", "scalar_Ny", "scalar_Nz"})));
  for (const char* const name : {"intensity", "Intensity", "scalar_Intensity", "reflectivity",
                                 "Reflectance", "remission", "scalar_Amplitude", "intensities"}) {
    EXPECT_NE(find_field(cloud_of({name}), Meaning::kIntensity), nullptr) << name;
  }
  const PointCloud two = cloud_of({"Reflectance", "Intensity"});
  EXPECT_EQ(find_field(two, Meaning::kIntensity)->name(), "Intensity");
  for (const char* const name :
       {"return_number", "ReturnNumber", "scalar_Return_Number", "echo_number"}) {
    EXPECT_NE(find_field(cloud_of({name}), Meaning::kReturnNumber), nullptr) << name;
  }
  for (const char* const name :
       {"number_of_returns", "NumberOfReturns", "num_returns", "scalar_Number Of Returns",
        "num_of_returns", "number_of_echoes"}) {
    EXPECT_NE(find_field(cloud_of({name}), Meaning::kNumberOfReturns), nullptr) << name;
  }
}

TEST(labels, are_whole_numbers_whose_name_says_so) {
  for (const char* const name :
       {"label", "new_label", "labels", "class", "scalar_Classification", "semantic", "instance_id",
        "ground_truth", "cluster", "pred", "scalar_gt", "predicted", "classes"}) {
    PointCloud cloud = cloud_of({name});
    const auto values = cloud.fields()[0].values<float>();
    values[0] = 3.0F;
    EXPECT_TRUE(holds_labels(cloud.fields()[0])) << name;
    values[1] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_TRUE(holds_labels(cloud.fields()[0])) << "NaN is no label";
    values[1] = 2.5F;
    EXPECT_FALSE(holds_labels(cloud.fields()[0])) << name;
  }
  EXPECT_FALSE(holds_labels(cloud_of({"intensity"}, FieldType::kUInt16).fields()[0]));
  EXPECT_TRUE(holds_whole_numbers(cloud_of({"intensity"}, FieldType::kUInt16).fields()[0]));
}

TEST(labels, may_be_few_whole_numbers_of_any_name) {
  PointCloud cloud(100);
  const auto fill = [&](const std::string& name, const auto& value) -> const Field& {
    const std::span<float> values = cloud.add(name, FieldType::kFloat32).values<float>();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(value(i));
    return *cloud.find(name);
  };
  EXPECT_TRUE(may_hold_labels(fill("material", [](std::size_t i) { return i % 7; })));
  EXPECT_FALSE(may_hold_labels(fill("height", [](std::size_t i) { return 0.5 * double(i % 7); })));
  EXPECT_FALSE(may_hold_labels(fill("index", [](std::size_t i) { return i; })));
  EXPECT_FALSE(may_hold_labels(fill("same", [](std::size_t) { return 3; })));
  EXPECT_FALSE(may_hold_labels(fill("intensity", [](std::size_t i) { return i % 7; })));
  EXPECT_FALSE(may_hold_labels(fill("height_gt", [](std::size_t i) { return 0.5 * double(i); })));
}

TEST(labels, of_asprs_are_those_called_classification) {
  for (const char* const name :
       {"classification", "Classification", "scalar_Classification", "raw_classification"}) {
    EXPECT_TRUE(names_asprs_codes(name)) << name;
    EXPECT_EQ(meaning_of(name), Meaning::kClassification);
  }
  EXPECT_FALSE(names_asprs_codes("class"));
  EXPECT_EQ(meaning_of("class"), Meaning::kLabel);
  const PointCloud cloud = cloud_of({"class", "Classification", "label"});
  EXPECT_EQ(find_labels(cloud)->name(), "Classification");
}

TEST(find_alike, takes_the_name_then_the_only_other_spelling) {
  const PointCloud cloud = cloud_of({"Classification", "label", "scalar_label", "Label"});
  EXPECT_EQ(find_alike(cloud, "classification")->name(), "Classification");
  EXPECT_EQ(find_alike(cloud, "label")->name(), "label");
  EXPECT_EQ(find_alike(cloud, "LABEL"), nullptr) << "three fields are meant";
  EXPECT_EQ(find_alike(cloud, "class"), nullptr);
}

}  // namespace
}  // namespace ptattn::test
