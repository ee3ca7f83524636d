#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "parse_text.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "temp_folder.hpp"

// What other programs write in their own way and means one thing only is read; where it does not,
// the line is named. Each case names the program or the report that it was met in.

namespace ptattn::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kPly =
    "ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\n"
    "property float z\nend_header\n";
constexpr const char* kPoints = "1 2 3\n4 5 6\n7 8 9\n";
constexpr const char* kPcd =
    "# .PCD v0.7\nVERSION 0.7\nFIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nCOUNT 1 1 1\nWIDTH 3\n"
    "HEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS 3\nDATA ascii\n";
constexpr const char* kMark = "\xef\xbb\xbf";

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

/// Both formats with these points, and the changes that a case makes to the file.
template <class Change>
void expect_points(const Change& change) {
  for (const char* header : {kPly, kPcd}) {
    const std::string file = change(std::string(header) + kPoints);
    SCOPED_TRACE(file);
    const PointCloud cloud = parse(file);
    EXPECT_THAT(values<float>(cloud, "x"), ElementsAre(1, 4, 7));
    EXPECT_THAT(values<float>(cloud, "z"), ElementsAre(3, 6, 9));
    EXPECT_TRUE(cloud.metadata().notes.empty());
  }
}

std::string at_line_ends(const std::string& file, const std::string& blanks) {
  return replaced(file, "\n", blanks + "\n");
}

TEST(foreign_files, blanks_at_line_ends_do_not_matter) {  // PDAL simple_text.ply, plyfile#21
  expect_points([](const std::string& file) { return at_line_ends(file, " "); });
  expect_points([](const std::string& file) { return at_line_ends(file, "\t \r"); });
  expect_points([](const std::string& file) { return "\n \n" + file; });
}

TEST(foreign_files, lines_may_end_with_a_carriage_return) {  // plyfile#13
  expect_points([](const std::string& file) { return replaced(file, "\n", "\r"); });
  const std::string binary = replaced(
      "ply\nformat binary_little_endian 1.0\nelement vertex 2\nproperty char c\n"
      "end_header\n",
      "\n", "\r");
  const PointCloud cloud = parse(binary + "\n\r");  // 10 and 13: values, no line ends
  EXPECT_THAT(values<std::int8_t>(cloud, "c"), ElementsAre(10, 13));
}

TEST(foreign_files, errors_in_files_of_carriage_returns_name_the_line) {
  const std::string file = std::string(kPly) + "1 2 3\n4 x 6\n7 8 9\n";
  EXPECT_EQ(refusal(replaced(file, "\n", "\r")), "a.ply: line 9: 'x' is not a valid float32");
  const std::string pcd = std::string(kPcd) + "1 2 3\n4 5\n7 8 9\n";
  EXPECT_EQ(refusal(replaced(pcd, "\n", "\r")),
            "a.ply: line 13: 2 values where the header announces 3");
}

TEST(foreign_files, a_byte_order_mark_is_skipped) {  // plyfile#32
  expect_points([](const std::string& file) { return kMark + file; });
  expect_points([](const std::string& file) {
    return replaced(file, "1 2 3\n", std::string(kMark) + "1 2 3\n");
  });
}

TEST(foreign_files, words_of_headers_count_in_capitals_or_not) {
  const PointCloud ply = parse(replaced(replaced(std::string(kPly) + kPoints, "ply\n", "PLY\n"),
                                        "property float", "Property Float"));
  EXPECT_EQ(ply.size(), 3U);
  EXPECT_EQ(parse(replaced(std::string(kPcd) + kPoints, "DATA ascii", "data ASCII")).size(), 3U);
}

TEST(foreign_files, not_a_number_in_the_words_of_windows) {  // pcl#1059, assimp#538
  for (const char* header : {kPly, kPcd}) {
    const PointCloud cloud = parse(
        std::string(header) + "1.#QNAN -1.#IND 1.#INF\nnan(ind) -nan(ind) -1.#INF\n1 inf -inf\n");
    EXPECT_THAT(values<float>(cloud, "x"), ElementsAre(testing::IsNan(), testing::IsNan(), 1));
    EXPECT_THAT(values<float>(cloud, "y"),
                ElementsAre(testing::IsNan(), testing::IsNan(), INFINITY));
    EXPECT_THAT(values<float>(cloud, "z"), ElementsAre(INFINITY, -INFINITY, -INFINITY));
  }
}

TEST(foreign_files, whole_real_numbers_are_integers) {  // PDAL#2421
  const std::string ply = replaced(kPly, "property float z", "property int z");
  EXPECT_THAT(values<std::int32_t>(parse(ply + "1 2 10.000\n1 2 -3.0\n1 2 1e3\n"), "z"),
              ElementsAre(10, -3, 1000));
  EXPECT_EQ(refusal(ply + "1 2 10.000\n1 2 3.25\n1 2 3\n"),
            "a.ply: line 9: '3.25' is not a valid int32");
  const std::string pcd =
      replaced(replaced(kPcd, "SIZE 4 4 4", "SIZE 4 4 2"), "TYPE F F F", "TYPE F F U");
  EXPECT_THAT(values<std::uint16_t>(parse(pcd + "1 2 10.000\n1 2 3.0\n1 2 65535.00\n"), "z"),
              ElementsAre(10, 3, 65535));
  EXPECT_EQ(refusal(pcd + "1 2 65536.0\n1 2 3\n1 2 3\n"),
            "a.ply: line 12: '65536.0' is out of the range of uint16");
}

TEST(foreign_files, decimal_commas_are_named) {
  EXPECT_EQ(refusal(std::string(kPly) + "1,5 2 3\n4 5 6\n7 8 9\n"),
            "a.ply: line 8: '1,5' is not a valid float32, expected points in numbers and blanks "
            "between them");
}

TEST(foreign_files, types_of_eight_bytes_and_of_one_bit) {  // happly#32, plyfile#34, pyntcloud
  const std::string header = replaced(kPly, "property float z",
                                      "property int64 stamp\nproperty uint64 id\nproperty bool "
                                      "ground\nproperty unsigned char part");
  const PointCloud cloud = parse(
      header +
      "1 2 -1600000000000000001 18446744073709551615 1 200\n1 2 2 3 false 0\n1 2 3 4 true 7\n");
  EXPECT_THAT(values<std::int64_t>(cloud, "stamp"), ElementsAre(-1600000000000000001, 2, 3));
  EXPECT_THAT(values<std::uint64_t>(cloud, "id"), ElementsAre(UINT64_MAX, 3, 4));
  EXPECT_THAT(values<std::uint8_t>(cloud, "ground"), ElementsAre(1, 0, 1));
  EXPECT_THAT(values<std::uint8_t>(cloud, "part"), ElementsAre(200, 0, 7));
  const std::string binary =
      replaced(replaced(header, "ascii", "binary_big_endian"), "vertex 3", "vertex 1") +
      raw(1.0F, true) + raw(2.0F, true) + raw(std::int64_t{-5}, true) + raw(UINT64_MAX - 1, true) +
      "\1\7";
  EXPECT_THAT(values<std::int64_t>(parse(binary), "stamp"), ElementsAre(-5));
  EXPECT_THAT(values<std::uint64_t>(parse(binary), "id"), ElementsAre(UINT64_MAX - 1));
  const TempFolder folder;
  write_cloud(folder / "a.pcd", cloud);
  EXPECT_TRUE(identical(read_cloud(folder / "a.pcd"), cloud));
}

TEST(foreign_files, a_second_field_of_a_name_is_renamed_with_a_word) {  // plyfile#28
  const PointCloud ply = parse(
      "ply\nformat ascii 1.0\nelement vertex 2\nproperty float d\nproperty float d\n"
      "property float d_2\nproperty float d\nend_header\n1 2 3 4\n5 6 7 8\n");
  ASSERT_EQ(ply.fields().size(), 4U);
  EXPECT_THAT(values<float>(ply, "d"), ElementsAre(1, 5));
  EXPECT_THAT(values<float>(ply, "d_2"), ElementsAre(2, 6));
  EXPECT_THAT(values<float>(ply, "d_2_2"), ElementsAre(3, 7));
  EXPECT_THAT(values<float>(ply, "d_3"), ElementsAre(4, 8));
  EXPECT_THAT(ply.metadata().notes, ElementsAre("line 5: a second property d is read as d_2",
                                                "line 6: a second property d_2 is read as d_2_2",
                                                "line 7: a second property d is read as d_3"));
  const PointCloud pcd = parse("FIELDS x d d\nPOINTS 1\nDATA ascii\n1 2 3\n");
  EXPECT_THAT(values<float>(pcd, "d_2"), ElementsAre(3));
  EXPECT_THAT(pcd.metadata().notes, ElementsAre("a second field d is read as d_2"));
}

TEST(foreign_files, many_fields_of_one_name_cost_no_more_than_their_number) {
  std::string header = "ply\nformat ascii 1.0\nelement vertex 0\n";
  for (int i = 0; i < 60000; ++i) header += "property char a\n";
  EXPECT_EQ(parse(header + "end_header\n").fields().size(), 60000U);
}

TEST(foreign_files, lines_that_are_no_words_of_the_header_become_comments) {  // assimp Wuson.ply
  const PointCloud ply =
      parse(replaced(kPly, "element vertex", "Created by Blender3D 247\nelement vertex") + kPoints);
  EXPECT_THAT(ply.metadata().comments, ElementsAre("Created by Blender3D 247"));
  EXPECT_THAT(
      ply.metadata().notes,
      ElementsAre(
          "line 3: 'Created' does not start a line of a PLY header, it is kept as a comment"));
  const PointCloud pcd = parse(replaced(kPcd, "WIDTH 3", "SENSOR lidar 7\nWIDTH 3") + kPoints);
  EXPECT_THAT(pcd.metadata().comments, ElementsAre("SENSOR lidar 7"));
  EXPECT_EQ(pcd.metadata().notes.size(), 1U);
}

TEST(foreign_files,
     a_line_of_another_number_of_values_is_named) {  // plyfile#44, trimesh fuze_ascii
  const auto announcing = [](const char* format, int values) {
    std::string file =
        std::string(format) == "ply" ? "ply\nformat ascii 1.0\nelement vertex 4\n" : "FIELDS";
    for (int v = 0; v < values; ++v) {
      file += std::string(format) == "ply" ? "property float v" + std::to_string(v) + "\n"
                                           : " v" + std::to_string(v);
    }
    return file + (std::string(format) == "ply" ? "end_header\n" : "\nWIDTH 4\nDATA ascii\n");
  };
  const std::string three = "1 2 3\n4 5 6\n7 8 9\n1 2 3\n";
  EXPECT_EQ(refusal(announcing("ply", 6) + three),
            "a.ply: line 11: 3 values where the header announces 6");
  EXPECT_EQ(refusal(announcing("ply", 1) + three),
            "a.ply: line 6: 3 values where the header announces 1");
  EXPECT_EQ(refusal(announcing("pcd", 6) + three),
            "a.ply: line 4: 3 values where the header announces 6");
  EXPECT_EQ(refusal(announcing("pcd", 1) + three),
            "a.ply: line 4: 3 values where the header announces 1");
  const std::string long_third = "1 2 3\n4 5 6\n7 8 9 10\n1 2 3\n";
  EXPECT_EQ(refusal(announcing("ply", 3) + long_third),
            "a.ply: line 10: 4 values where the header announces 3");
  EXPECT_EQ(refusal(announcing("pcd", 3) + long_third),
            "a.ply: line 6: 4 values where the header announces 3");
  const std::string short_third = "1 2 3\n4 5 6\n7 8\n1 2 3\n";
  EXPECT_EQ(refusal(announcing("ply", 3) + short_third),
            "a.ply: line 10: 2 values where the header announces 3");
  EXPECT_EQ(refusal(announcing("pcd", 3) + short_third),
            "a.ply: line 6: 2 values where the header announces 3");
  const std::string long_last = "1 2 3\n4 5 6\n7 8 9\n1 2 3 4\n";
  EXPECT_EQ(refusal(announcing("ply", 3) + long_last),
            "a.ply: line 11: 4 values where the header announces 3");
}

TEST(foreign_files, values_across_lines_that_add_up_are_read_with_a_word) {
  const PointCloud cloud = parse(std::string(kPly) + "1 2 3\n4\n5 6\n7 8 9\n");
  EXPECT_THAT(values<float>(cloud, "z"), ElementsAre(3, 6, 9));
  EXPECT_THAT(
      cloud.metadata().notes,
      ElementsAre("line 9: 1 value where the header announces 3, values are counted across lines"));
}

TEST(foreign_files, a_field_of_no_values_is_left_out_with_a_word) {  // PCL removes such fields
  const std::string header =
      replaced(replaced(replaced(replaced(kPcd, "x y z", "x y nothing z"), "4 4 4", "4 4 4 4"),
                        "F F F", "F F F F"),
               "COUNT 1 1 1", "COUNT 1 1 0 1");
  const PointCloud cloud = parse(header + kPoints);
  ASSERT_EQ(cloud.fields().size(), 3U);
  EXPECT_THAT(values<float>(cloud, "z"), ElementsAre(3, 6, 9));
  EXPECT_THAT(cloud.metadata().notes, ElementsAre("the field nothing has COUNT 0 and is left out"));
  const std::string binary = replaced(
      replaced(replaced(header, "ascii", "binary"), "WIDTH 3", "WIDTH 1"), "POINTS 3", "POINTS 1");
  EXPECT_THAT(values<float>(parse(binary + raw(1.0F) + raw(2.0F) + raw(3.0F)), "z"),
              ElementsAre(3));
}

TEST(foreign_files, bytes_behind_the_points_are_noted) {  // autoware_tools#114
  const std::string ply =
      replaced(replaced(kPly, "ascii", "binary_little_endian"), "vertex 3", "vertex 1");
  const std::string pcd = replaced(
      replaced(replaced(kPcd, "ascii", "binary"), "WIDTH 3", "WIDTH 1"), "POINTS 3", "POINTS 1");
  for (const std::string& header : {ply, pcd}) {
    const PointCloud cloud =
        parse(header + raw(1.0F) + raw(2.0F) + raw(3.0F) + std::string(199, 'x'));
    EXPECT_THAT(values<float>(cloud, "z"), ElementsAre(3));
    EXPECT_THAT(
        cloud.metadata().notes,
        ElementsAre("199 more bytes after the last point that the header announces are left out"));
  }
  const PointCloud text = parse(std::string(kPcd) + kPoints + "1 2 3\n");
  EXPECT_THAT(text.metadata().notes,
              ElementsAre(HasSubstr("line 15: continues after the last value")));
}

constexpr const char* kViews =
    "ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty list uchar uint views\n"
    "property uchar tag\nproperty list uchar float weights\nproperty list uint short pair\n"
    "element face 1\nproperty list uchar int vertex_indices\nend_header\n"
    "1 2 0 3 7 2 0.5 0.25 2 1 2\n"
    "2 0 8 0 2 3 4\n"
    "3 3 4 5 6 9 1 1.5 2 5 6\n"
    "3 0 1 2\n";

TEST(foreign_files, lists_of_varying_length_are_carried_along) {  // openMVS#1254, CloudCompare#760
  const PointCloud cloud = parse(kViews);
  EXPECT_THAT(values<float>(cloud, "x"), ElementsAre(1, 2, 3));
  EXPECT_THAT(values<std::uint8_t>(cloud, "tag"), ElementsAre(7, 8, 9));
  EXPECT_EQ(cloud.find("views"), nullptr);
  ASSERT_EQ(cloud.find("pair")->count(), 2U) << "a list of one length is a field";
  EXPECT_THAT(values<std::int16_t>(cloud, "pair"), ElementsAre(1, 2, 3, 4, 5, 6));
  ASSERT_EQ(cloud.metadata().point_lists.size(), 2U);
  EXPECT_THAT(cloud.metadata().point_lists[0].sizes, ElementsAre(2, 0, 3));
  EXPECT_EQ(cloud.metadata().point_lists[1].values.size(), 3 * sizeof(float));
  EXPECT_EQ(cloud.metadata().elements.size(), 1U);
  const TempFolder folder;
  for (const Encoding encoding :
       {Encoding::kAscii, Encoding::kBinary, Encoding::kBinaryBigEndian}) {
    write_cloud(folder / "a.ply", cloud, encoding);
    EXPECT_TRUE(identical(read_cloud(folder / "a.ply"), cloud));
  }
  for (const char* name : {"a.pcd", "a.las"}) {
    EXPECT_THROW(check_format(folder / name, cloud), Error) << "nothing is lost without a word";
  }
}

TEST(foreign_files, lists_of_varying_length_that_end_early_are_refused) {
  const std::string views = kViews;
  for (std::size_t size = views.find("end_header\n") + 11; size + 2 < views.size(); ++size) {
    EXPECT_NE(refusal(views.substr(0, size)), "") << size;
  }
}

}  // namespace
}  // namespace ptattn::test
