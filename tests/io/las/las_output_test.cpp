// What LAS files are given besides what they had: new fields, other clouds, an account of what made
// them.

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "las_fixture.hpp"
#include "ptattn/cloud/reference_system.hpp"
#include "ptattn/io/las/epsg_system.hpp"

namespace ptattn::test {
namespace {

TEST_F(Las, new_fields_become_extra_bytes_and_leave_all_else_alone) {
  PointCloud cloud = fixture("format6_extra.las");
  const PointCloud before = cloud;
  cloud.add("confidence", FieldType::kFloat32).values<float>()[7] = 0.25F;
  const PointCloud after = again(cloud);
  ASSERT_EQ(after.fields().size(), before.fields().size() + 1);
  EXPECT_EQ(after.find("confidence")->values<float>()[7], 0.25F);
  for (std::size_t f = 0; f < before.fields().size(); ++f) {
    EXPECT_EQ(after.fields()[f].name(), before.fields()[f].name());
    EXPECT_TRUE(std::ranges::equal(after.fields()[f].bytes(), before.fields()[f].bytes()));
  }
}

TEST_F(Las, records_behind_the_points_move_with_new_fields) {
  for (const char* const name : {"simple1_3.las", "1_4_w_evlr.las", "1_4_w_evlr.laz"}) {
    PointCloud cloud = read_cloud(las_folder() / "outside" / name);
    const std::vector<LasRecord> before = cloud.metadata().las->extended_records;
    ASSERT_FALSE(before.empty());
    (void)cloud.add("confidence", FieldType::kFloat32);
    EXPECT_EQ(again(cloud).metadata().las->extended_records, before) << name;
  }
}

TEST_F(Las, several_new_fields_are_described_one_by_one) {
  PointCloud cloud = fixture("format1.las");
  for (const char* const name : {"confidence", "entropy", "margin"}) {
    cloud.add(name, FieldType::kFloat32).values<float>()[7] = 0.25F;
  }
  cloud.add("normal", FieldType::kFloat64, 3).values<double>()[22] = 0.5;
  const PointCloud after = again(cloud);
  ASSERT_EQ(after.fields().size(), cloud.fields().size());
  for (const char* const name : {"confidence", "entropy", "margin"}) {
    ASSERT_NE(after.find(name), nullptr) << name;
    EXPECT_EQ(after.find(name)->values<float>()[7], 0.25F) << name;
  }
  EXPECT_EQ(after.find("normal")->values<double>()[22], 0.5);
  EXPECT_EQ(after.metadata().las->records.back().data.size(), 4U * 192U);
}

/// A cloud with confidences from 0 to 1, which are good to four digits.
PointCloud doubtful(PointCloud cloud) {
  Field& field = cloud.add("confidence", FieldType::kFloat32);
  field.set_step(1e-4);
  const auto values = field.values<float>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(i) / static_cast<float>(values.size() - 1);
  }
  return cloud;
}

TEST_F(Las, new_fields_that_are_good_to_a_step_are_counted_in_it_in_16_bits) {
  for (const char* const name : {"format1.las", "format6_extra.las"}) {
    const PointCloud before = doubtful(fixture(name));
    const PointCloud after = again(before);
    const Field& confidence = *after.find("confidence");
    for (std::size_t i = 0; i < after.size(); ++i) {
      const double wanted = before.find("confidence")->as_double(i);
      ASSERT_NEAR(confidence.as_double(i), wanted, 0.5001e-4);
      ASSERT_EQ(confidence.as_double(i), std::nearbyint(wanted / 1e-4) * 1e-4);
    }
    const auto& data = after.metadata().las->records.back().data;
    const std::byte* const descriptor = data.data() + data.size() - 192;
    EXPECT_EQ(std::to_integer<int>(descriptor[2]), 3) << "unsigned short";
    EXPECT_EQ(std::to_integer<int>(descriptor[3]), 8) << "a scale, no offset";
    double scale = 0.0;
    std::memcpy(&scale, descriptor + 112, sizeof scale);
    EXPECT_EQ(scale, 1e-4);
    EXPECT_TRUE(identical(again(after), after)) << "steps stay steps";
  }
}

TEST_F(Las, a_step_changes_no_other_format_and_no_field_that_was_there) {
  const PointCloud cloud = doubtful(fixture("format1.las"));
  write_cloud(folder_ / "a.ply", cloud);
  const PointCloud ply = read_cloud(folder_ / "a.ply");
  EXPECT_TRUE(
      std::ranges::equal(ply.find("confidence")->bytes(), cloud.find("confidence")->bytes()));
  PointCloud exact = fixture("format1.las");
  exact.add("confidence", FieldType::kFloat32).values<float>()[3] = 0.123456F;
  exact = again(exact);
  exact.find("confidence")->set_step(1e-4);
  EXPECT_EQ(again(exact).find("confidence")->values<float>()[3], 0.123456F);
}

TEST_F(Las, extra_bytes_of_another_type_are_described_anew_with_the_step) {
  PointCloud cloud = fixture("format6_extra.las");
  cloud.add("confidence", FieldType::kUInt8);
  cloud = again(cloud);
  *cloud.find("confidence") = *doubtful(fixture("format6_extra.las")).find("confidence");
  const PointCloud after = again(cloud);
  EXPECT_EQ(after.find("confidence")->type(), FieldType::kFloat64);
  EXPECT_NEAR(after.find("confidence")->as_double(1), cloud.find("confidence")->as_double(1), 1e-4);
}

TEST_F(Las, values_beyond_16_bits_of_steps_are_refused) {
  PointCloud cloud = doubtful(fixture("format1.las"));
  cloud.find("confidence")->values<float>()[4] = 7.0F;
  EXPECT_THAT(refusal(cloud), testing::HasSubstr("field confidence holds 7, which does not fit the "
                                                 "file's scale of 0.0001"));
  cloud.find("confidence")->values<float>()[4] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(refusal(cloud), testing::HasSubstr("field confidence holds nan"));
}

TEST_F(Las, what_made_a_file_is_a_record_behind_the_others) {
  const PointCloud before = fixture("format6_extra.las");
  PointCloud cloud = before;
  cloud.add("confidence", FieldType::kFloat32);
  cloud.metadata().comments = {"a comment that LAS has no place for",
                               "ptattn made by ptattn-segment 1.2.3",
                               "ptattn field confidence probability of the label"};
  const PointCloud after = again(cloud);
  EXPECT_THAT(after.metadata().comments,
              testing::ElementsAre(cloud.metadata().comments[1], cloud.metadata().comments[2]));
  EXPECT_EQ(read_comments(folder_ / "again.las"), after.metadata().comments);
  const auto& records = after.metadata().las->records;
  const auto& old = before.metadata().las->records;
  ASSERT_EQ(records.size(), old.size() + 1);
  EXPECT_STREQ(records.back().user_id.data(), "ptattn");
  const std::string lines(reinterpret_cast<const char*>(records.back().data.data()),
                          records.back().data.size());
  EXPECT_EQ(lines, cloud.metadata().comments[1] + "\n" + cloud.metadata().comments[2] + "\n");
  // The extra bytes are described, and all other records are as they were.
  for (std::size_t r = 0; r < old.size(); ++r) {
    if (old[r].record_id != 4) {
      EXPECT_EQ(records[r], old[r]);
      continue;
    }
    const auto& extra = records[r].data;
    EXPECT_EQ(extra.size(), old[r].data.size() + 192);
    EXPECT_STREQ(reinterpret_cast<const char*>(extra.data() + extra.size() - 32),
                 "probability of the label");
  }
  write_cloud(folder_ / "twice.las", after);
  EXPECT_EQ(contents(folder_ / "twice.las"), contents(folder_ / "again.las"));
}

TEST_F(Las, long_accounts_of_what_made_a_file_fill_several_records) {
  PointCloud cloud = fixture("format0.las");
  std::vector<std::string>& comments = cloud.metadata().comments;
  comments.emplace_back("ptattn made by ptattn-features 1.2.3");
  for (int i = 0; i < 3000; ++i) {
    comments.push_back("ptattn field f_" + std::to_string(i) + " " + std::string(40, 'x'));
  }
  const PointCloud after = again(cloud);
  EXPECT_EQ(after.metadata().comments, comments);
  EXPECT_EQ(again(after).metadata().las->records, after.metadata().las->records);
}

TEST_F(Las, bytes_that_nothing_describes_are_kept_before_new_fields) {
  std::string bytes = contents(las_folder() / "format0_extra.las");
  const auto at = bytes.find("LASF_Spec");
  ASSERT_NE(at, std::string::npos);
  bytes[at] = 'X';  // no longer the record of extra bytes
  PointCloud cloud = parse_cloud(std::as_bytes(std::span(bytes)), "a.las");
  const Field* const kept = cloud.find("extra_bytes");
  ASSERT_NE(kept, nullptr);
  const std::vector<std::byte> values(kept->bytes().begin(), kept->bytes().end());
  cloud.add("confidence", FieldType::kFloat32);
  cloud.add("entropy", FieldType::kFloat32);
  const PointCloud after = again(cloud);
  EXPECT_TRUE(std::ranges::equal(after.find("extra_bytes")->bytes(), values));
  EXPECT_NE(after.find("confidence"), nullptr);
  EXPECT_NE(after.find("entropy"), nullptr);
}

TEST_F(Las, classes_beyond_five_bits_are_refused) {
  PointCloud cloud = fixture("format1.las");
  cloud.find("classification")->values<std::uint8_t>()[3] = 32;
  EXPECT_THAT(refusal(cloud), testing::HasSubstr("holds 32, but this point format keeps classes of "
                                                 "5 bits (0 to 31)"));
}

TEST_F(Las, colors_turn_the_format_into_one_with_colors) {
  PointCloud cloud = fixture("format1.las");
  for (const char* const name : {"red", "green", "blue"}) {
    cloud.add(name, FieldType::kUInt8).values<std::uint8_t>()[5] = 200;
  }
  const PointCloud after = again(cloud);
  EXPECT_EQ(std::to_integer<int>(after.metadata().las->header[104]), 3);
  EXPECT_EQ(after.find("green")->values<std::uint16_t>()[5], 200 * 256);
  EXPECT_TRUE(std::ranges::equal(after.find("gps_time")->bytes(), cloud.find("gps_time")->bytes()));
}

TEST_F(Las, moved_points_are_quantized_to_the_scale_of_the_file) {
  PointCloud cloud = fixture("format6.las");
  cloud.find("x")->values<double>()[0] = 650000.123456;
  const PointCloud after = again(cloud);
  EXPECT_NEAR(after.find("x")->as_double(0), 650000.12, 1e-6);
}

PointCloud plain_cloud() {
  PointCloud cloud(3);
  for (const char* const name : {"x", "y", "z"}) {
    const auto values = cloud.add(name, FieldType::kFloat64).values<double>();
    values[0] = 700000.1234, values[1] = 700100.5, values[2] = 700200.0;
  }
  return cloud;
}

/// A cloud that needs point format 6.
PointCloud cloud_of_many_classes() {
  PointCloud cloud = plain_cloud();
  cloud.add("classification", FieldType::kUInt8).values<std::uint8_t>()[2] = 64;
  return cloud;
}

TEST_F(Las, other_clouds_get_millimetres_and_the_format_they_need) {
  PointCloud cloud = plain_cloud();
  cloud.find("x")->values<double>()[0] = 700000.12345678;
  cloud.add("intensity", FieldType::kUInt16).values<std::uint16_t>()[1] = 77;
  cloud.add("classification", FieldType::kUInt8).values<std::uint8_t>()[1] = 6;
  cloud.add("confidence", FieldType::kFloat32).values<float>()[1] = 0.5F;
  const PointCloud after = again(cloud);
  EXPECT_EQ(std::to_integer<int>(after.metadata().las->header[104]), 0);
  EXPECT_NEAR(after.find("x")->as_double(0), 700000.123, 1e-9);
  EXPECT_EQ(after.find("intensity")->as_double(1), 77.0);
  EXPECT_EQ(after.find("classification")->as_double(1), 6.0);
  EXPECT_EQ(after.find("confidence")->as_double(1), 0.5);
}

TEST_F(Las, the_scale_can_be_chosen) {
  const PointCloud after = again(plain_cloud(), {.scale = 0.0001});
  EXPECT_NEAR(after.find("x")->as_double(0), 700000.1234, 1e-9);
}

TEST_F(Las, coordinates_in_steps_finer_than_millimetres_keep_them) {
  PointCloud cloud = plain_cloud();
  std::ranges::fill(cloud.find("z")->values<double>(), 12.34567);
  const PointCloud after = again(cloud);
  EXPECT_NEAR(after.find("x")->as_double(0), 700000.1234, 1e-9);
  EXPECT_NEAR(after.find("z")->as_double(1), 12.34567, 1e-9);
  cloud.find("z")->values<double>()[1] = std::sqrt(2.0);  // no steps at all
  EXPECT_NEAR(again(cloud).find("z")->as_double(1), 1.414, 1e-9);
}

TEST_F(Las, times_that_are_no_seconds_of_a_week_are_marked_as_such) {
  const auto encoding = [&](double time) {
    PointCloud cloud = plain_cloud();
    cloud.add("gps_time", FieldType::kFloat64).values<double>()[1] = time;
    return std::to_integer<int>(again(cloud).metadata().las->header[6]);
  };
  EXPECT_EQ(encoding(345600.25), 0);
  EXPECT_EQ(encoding(2.8e8), 1);
  EXPECT_EQ(encoding(-3.1e7), 1);
}

TEST_F(Las, small_clouds_get_a_finer_scale) {
  PointCloud cloud(2);
  for (const char* const name : {"x", "y", "z"}) {
    cloud.add(name, FieldType::kFloat32).values<float>()[1] = 0.123456F;
  }
  EXPECT_NEAR(again(cloud).find("x")->as_double(1), 0.123456, 1e-7);
}

TEST_F(Las, codes_beyond_five_bits_of_other_clouds_choose_format_6) {
  const PointCloud after = again(cloud_of_many_classes());
  EXPECT_EQ(std::to_integer<int>(after.metadata().las->header[104]), 6);
  EXPECT_EQ(after.find("classification")->as_double(2), 64.0);
}

TEST_F(Las, values_without_room_in_the_standard_attribute_become_extra_bytes) {
  PointCloud cloud = plain_cloud();
  cloud.add("intensity", FieldType::kFloat32).values<float>()[1] = 0.5F;
  const PointCloud after = again(cloud);
  EXPECT_EQ(after.find("intensity")->as_double(1), 0.0);
  EXPECT_EQ(after.find("intensity_float32")->as_double(1), 0.5);
}

TEST_F(Las, a_reference_system_is_written_as_geotiff_keys_or_wkt) {
  const auto records = [&](const LasOptions& options) {
    return again(plain_cloud(), options).metadata().las->records;
  };
  EXPECT_TRUE(records({}).empty());
  const auto keys = records({.crs = "EPSG:2154"});
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_EQ(keys[0].record_id, 34735);
  EXPECT_EQ(keys[0].data.size(), 24U);
  const auto wkt = records({.crs = "PROJCS[\"x\"]"});
  ASSERT_EQ(wkt.size(), 1U);
  EXPECT_EQ(wkt[0].record_id, 2112);
  EXPECT_THROW((void)records({.crs = "Lambert"}), Error);
}

TEST_F(Las, codes_of_reference_systems_become_wkt_from_format_6_on) {
  ASSERT_TRUE(io::las::has_epsg_registry());
  const PointCloud after = again(cloud_of_many_classes(), {.crs = "EPSG:2154"});
  const LasMetadata& las = *after.metadata().las;
  EXPECT_EQ(std::to_integer<int>(las.header[6]) & 16, 16) << "the bit of WKT";
  ASSERT_EQ(las.records.size(), 1U);
  EXPECT_EQ(las.records[0].record_id, 2112);
  const auto* const text = reinterpret_cast<const char*>(las.records[0].data.data());
  EXPECT_EQ(std::strlen(text) + 1, las.records[0].data.size());
  EXPECT_THAT(text, testing::StartsWith("PROJCS[\"RGF93"));
  EXPECT_THAT(text, testing::HasSubstr("AUTHORITY[\"EPSG\",\"2154\"]"));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("\n")));
  const ReferenceSystem system = reference_system_of(las);
  EXPECT_EQ(system.metres, 1.0);
  EXPECT_FALSE(system.geographic);
}

TEST_F(Las, the_registry_says_what_a_code_is) {
  const auto keys = [&](const std::string& crs) {
    const auto records = again(plain_cloud(), {.crs = crs}).metadata().las->records;
    std::vector<std::uint16_t> values(records.at(0).data.size() / 2);
    std::memcpy(values.data(), records[0].data.data(), 2 * values.size());
    return values;
  };
  using testing::ElementsAre;
  EXPECT_THAT(keys("EPSG:2154"), ElementsAre(1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 2154));
  EXPECT_THAT(keys("EPSG:6318"), ElementsAre(1, 1, 0, 2, 1024, 0, 1, 2, 2048, 0, 1, 6318))
      << "NAD83(2011), geographic";
  EXPECT_THAT(keys("EPSG:7415"),
              ElementsAre(1, 1, 0, 3, 1024, 0, 1, 1, 3072, 0, 1, 28992, 4096, 0, 1, 5709))
      << "Amersfoort / RD New + NAP height";
}

TEST_F(Las, codes_that_are_no_systems_of_points_are_refused) {
  const auto refused = [&](const std::string& crs) -> std::string {
    try {
      (void)again(plain_cloud(), {.crs = crs});
    } catch (const Error& error) {
      return error.fault() == Fault::kUsage ? error.what() : "not a fault of usage";
    }
    return "";
  };
  EXPECT_THAT(refused("EPSG:2155555"), testing::HasSubstr("the codes of ESRI are others"));
  EXPECT_EQ(refused("EPSG:21544"),
            "--crs: EPSG:21544 is not in the EPSG registry of PROJ on this machine");
  for (const char* const crs :
       {"EPSG:5709", "EPSG:4978", "EPSG:4979"}) {  // heights, geocentric, 3D
    EXPECT_THAT(refused(crs), testing::HasSubstr("is no projected, geographic or compound")) << crs;
  }
}

TEST_F(Las, points_without_coordinates_are_refused) {
  PointCloud cloud = plain_cloud();
  cloud.find("y")->values<double>()[1] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(refusal(cloud), testing::HasSubstr("has points without finite coordinates"));
  cloud = plain_cloud();
  cloud.find("y")->values<double>()[1] = 1e9;
  EXPECT_THAT(refusal(cloud), testing::HasSubstr("choose a larger --las-scale"));
}

TEST_F(Las, a_las_cloud_goes_into_ply_and_back) {
  const PointCloud cloud = fixture("format7.las");
  write_cloud(folder_ / "a.ply", cloud);
  const PointCloud back = again(read_cloud(folder_ / "a.ply"), {.scale = 0.001});
  for (const Field& field : cloud.fields()) {
    const Field* const other = back.find(field.name());
    ASSERT_NE(other, nullptr) << field.name();
    for (std::size_t i = 0; i < cloud.size(); ++i) {
      EXPECT_NEAR(other->as_double(i), field.as_double(i), 1e-6) << field.name();
    }
  }
}

TEST_F(Las, attributes_in_the_spelling_of_other_programs_go_where_the_standard_has_them) {
  PointCloud cloud(2);  // as PDAL and CloudCompare write PLY
  for (const char* const name : {"X", "Y", "Z"}) {
    cloud.add(name, FieldType::kFloat64).values<double>()[1] = 12.5;
  }
  cloud.add("Intensity", FieldType::kUInt16).values<std::uint16_t>()[1] = 700;
  cloud.add("ReturnNumber", FieldType::kUInt8).values<std::uint8_t>()[1] = 2;
  cloud.add("NumberOfReturns", FieldType::kUInt8).values<std::uint8_t>()[1] = 3;
  cloud.add("scalar_Classification", FieldType::kFloat32).values<float>()[1] = 6.0F;
  cloud.add("GpsTime", FieldType::kFloat64).values<double>()[1] = 1e6;
  cloud.add("Red", FieldType::kUInt16).values<std::uint16_t>()[1] = 65280;
  cloud.add("Green", FieldType::kUInt16);
  cloud.add("Blue", FieldType::kUInt16);
  cloud.add("Mine", FieldType::kFloat32).values<float>()[1] = 0.5F;
  const PointCloud back = again(cloud);
  EXPECT_EQ(back.find("x")->as_double(1), 12.5);
  EXPECT_EQ(back.find("intensity")->as_double(1), 700.0);
  EXPECT_EQ(back.find("return_number")->as_double(1), 2.0);
  EXPECT_EQ(back.find("number_of_returns")->as_double(1), 3.0);
  EXPECT_EQ(back.find("classification")->as_double(1), 6.0);
  EXPECT_EQ(back.find("gps_time")->as_double(1), 1e6);
  EXPECT_EQ(back.find("red")->as_double(1), 65280.0);
  EXPECT_EQ(back.find("Mine")->as_double(1), 0.5);
  EXPECT_EQ(back.find("X"), nullptr) << "nothing is written twice";
  EXPECT_EQ(back.find("Intensity"), nullptr);
}

}  // namespace
}  // namespace ptattn::test
