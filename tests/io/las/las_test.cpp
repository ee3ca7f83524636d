// LAS files as they are read, and written again as they were.

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "las_fixture.hpp"

namespace ptattn::test {
namespace {

class LasFile : public testing::TestWithParam<std::string> {
 protected:
  TempFolder folder_;
};

TEST_P(LasFile, comes_out_byte_for_byte) {
  const auto path = las_folder() / GetParam();
  write_cloud(folder_ / "out.las", read_cloud(path));
  EXPECT_EQ(contents(folder_ / "out.las"), contents(path));
}

INSTANTIATE_TEST_SUITE_P(fixtures, LasFile, testing::ValuesIn(fixture_names(".las")));
INSTANTIATE_TEST_SUITE_P(outside, LasFile,
                         testing::Values("outside/simple.las", "outside/simple1_1.las",
                                         "outside/test1_4.las", "outside/1_4_w_evlr.las",
                                         "outside/extrabytes.las"));

TEST_F(Las, attributes_are_fields_under_the_names_of_the_standard) {
  const PointCloud cloud = fixture("format8.las");
  std::vector<std::string> names;
  for (const Field& field : cloud.fields()) names.push_back(field.name());
  EXPECT_THAT(names,
              testing::ElementsAre("x", "y", "z", "intensity", "return_number", "number_of_returns",
                                   "synthetic", "key_point", "withheld", "overlap",
                                   "scanner_channel", "scan_direction_flag", "edge_of_flight_line",
                                   "classification", "user_data", "scan_angle", "point_source_id",
                                   "gps_time", "red", "green", "blue", "nir"));
  EXPECT_EQ(cloud.find("x")->type(), FieldType::kFloat64);
}

TEST_F(Las, bounds_and_counts_that_lie_are_put_right) {
  const PointCloud cloud = again(read_cloud(las_folder() / "outside/simple1_3.las"));
  double max_x = 0.0;
  std::memcpy(&max_x, cloud.metadata().las->header.data() + 179, sizeof max_x);
  EXPECT_NEAR(max_x, -234935.841, 1e-6);
}

TEST_F(Las, extra_bytes_with_a_scale_are_their_values) {
  const PointCloud cloud = fixture("format6_extra.las");
  const Field* const height = cloud.find("height");
  ASSERT_NE(height, nullptr);
  EXPECT_EQ(height->type(), FieldType::kFloat64);
  for (std::size_t i = 0; i < cloud.size(); ++i) {
    EXPECT_NEAR(height->as_double(i), 100.0, 50.0);
    EXPECT_NEAR(height->as_double(i) * 100.0, std::round(height->as_double(i) * 100.0), 1e-6);
  }
}

TEST_F(Las, offsets_too_large_for_doubles_keep_their_integers) {
  std::string bytes = contents(las_folder() / "format6.las");
  put(bytes, 131, 1e-12);   // scale of x
  put(bytes, 155, 1.25e9);  // offset of x
  put(bytes, 139, 0.0);     // scale of y
  const PointCloud cloud = parse_cloud(std::as_bytes(std::span(bytes)), "a.las");
  EXPECT_EQ(cloud.metadata().las->exact.size(), 1U);
  write_cloud(folder_ / "out.las", cloud);
  const std::string out = contents(folder_ / "out.las");
  EXPECT_EQ(out.substr(375), bytes.substr(375));
}

TEST_F(Las, truncated_files_are_refused_and_salvaged) {
  const std::string whole = contents(las_folder() / "format3.las");
  const std::string half = whole.substr(0, whole.size() - 34 * 100 - 5);
  EXPECT_EQ(refusal_of_reading(half), "a.las: ends after 199 of 300 points, the file is truncated");
  const PointCloud saved = parse_cloud(std::as_bytes(std::span(half)), "a.las", {.salvage = true});
  EXPECT_EQ(saved.size(), 199U);
  EXPECT_THAT(saved.metadata().notes,
              testing::ElementsAre("is truncated: 199 of 300 points are intact and were read"));
}

TEST_F(Las, headers_that_lie_are_refused) {
  const std::string whole = contents(las_folder() / "format6.las");
  const auto with = [&](std::size_t at, auto value) {
    std::string bytes = whole;
    put(bytes, at, value);
    return refusal_of_reading(bytes);
  };
  EXPECT_THAT(with(25, std::uint8_t{9}), testing::HasSubstr("is LAS 1.9, expected 1.0 to 1.4"));
  EXPECT_THAT(with(94, std::uint16_t{60000}), testing::HasSubstr("claims a header of 60000 bytes"));
  EXPECT_THAT(with(96, 4000000000U), testing::HasSubstr("claims that its points start at byte"));
  EXPECT_THAT(with(104, std::uint8_t{11}), testing::HasSubstr("point format 11 is unknown"));
  EXPECT_THAT(with(105, std::uint16_t{29}), testing::HasSubstr("format 6 needs 30"));
  EXPECT_THAT(with(131, std::numeric_limits<double>::infinity()),
              testing::HasSubstr("is not a number"));
  EXPECT_THAT(with(247, std::uint64_t{1} << 60), testing::HasSubstr("the file is truncated"));
  EXPECT_THAT(with(243, 1U), testing::HasSubstr("the file is truncated"));
  EXPECT_THAT(refusal_of_reading("LASF"), testing::HasSubstr("ends within its header"));
}

TEST_F(Las, a_scale_of_zero_is_read_as_a_hundredth_and_noted) {
  std::string bytes = contents(las_folder() / "format3.las");
  put(bytes, 139, 0.0);  // of y
  const PointCloud cloud = parse_cloud(std::as_bytes(std::span(bytes)), "a.las");
  EXPECT_THAT(cloud.metadata().notes,
              testing::ElementsAre("has a scale of 0 for y, which was read as 0.01: check the "
                                   "extent"));
}

TEST_F(Las, header_sizes_that_do_not_fit_the_records_give_way_to_those_of_the_version) {
  for (const auto& [name, lie] :
       {std::pair{"format3_extra.las", 235}, {"format6_extra.las", 227}}) {
    const std::string whole = contents(las_folder() / name);
    std::string bytes = whole;
    put(bytes, 94, static_cast<std::uint16_t>(lie));
    const PointCloud cloud = parse_cloud(std::as_bytes(std::span(bytes)), "a.las");
    EXPECT_THAT(cloud.metadata().notes,
                testing::ElementsAre(
                    testing::HasSubstr("claims a header of " + std::to_string(lie) + " bytes")));
    EXPECT_EQ(cloud.size(), 300U) << name;
    write_cloud(folder_ / "out.las", cloud);
    EXPECT_TRUE(contents(folder_ / "out.las") == whole) << name;
  }
}

TEST_F(Las, a_legacy_count_is_taken_where_the_other_is_impossible) {
  std::string bytes = contents(las_folder() / "format6.las");
  put(bytes, 107, 300U);
  put(bytes, 247, std::uint64_t{1} << 60);
  EXPECT_EQ(parse_cloud(std::as_bytes(std::span(bytes)), "a.las").size(), 300U);
}

TEST_F(Las, points_that_no_header_announces_are_noted_and_salvaged) {
  std::string bytes = contents(las_folder() / "format3.las");
  put(bytes, 107, 0U);
  const auto read = [&](bool salvage) {
    return parse_cloud(std::as_bytes(std::span(bytes)), "a.las", {.salvage = salvage});
  };
  EXPECT_EQ(read(false).size(), 0U);
  EXPECT_THAT(
      read(false).metadata().notes,
      testing::ElementsAre("announces no points, but holds 300, left out without --salvage"));
  const PointCloud saved = read(true);
  EXPECT_EQ(saved.size(), 300U);
  EXPECT_THAT(saved.metadata().notes,
              testing::ElementsAre("announces no points, but holds 300, which were read"));
  EXPECT_EQ(again(saved).size(), 300U);
}

TEST_F(Las, formats_newer_than_the_version_keep_the_only_count_there_is) {
  std::string bytes = contents(las_folder() / "format6.las");
  put(bytes, 25, std::uint8_t{2});
  put(bytes, 107, 300U);
  PointCloud cloud = parse_cloud(std::as_bytes(std::span(bytes)), "a.las");
  ASSERT_EQ(cloud.size(), 300U);
  put(bytes, 107, 299U);
  cloud = parse_cloud(std::as_bytes(std::span(bytes)), "a.las");
  EXPECT_EQ(again(cloud).size(), 299U);
}

TEST_F(Las, more_records_than_there_are_is_no_harm) {
  std::string bytes = contents(las_folder() / "format6.las");
  put(bytes, 100, 1000U);
  EXPECT_EQ(refusal_of_reading(bytes), "");
}

TEST_F(Las, bytes_behind_the_points_are_noted) {
  const std::string whole = contents(las_folder() / "format3.las");
  EXPECT_TRUE(parse_cloud(std::as_bytes(std::span(whole)), "a.las").metadata().notes.empty());
  const std::string longer = whole + std::string(199, 'x');
  const PointCloud cloud = parse_cloud(std::as_bytes(std::span(longer)), "a.las");
  EXPECT_EQ(cloud.size(), 300U);
  EXPECT_THAT(cloud.metadata().notes,
              testing::ElementsAre(testing::HasSubstr("199 more bytes after the last point")));
}

}  // namespace
}  // namespace ptattn::test
