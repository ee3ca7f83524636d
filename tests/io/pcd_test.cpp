#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "parse_text.hpp"
#include "temp_folder.hpp"

namespace ptattn::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kHeader =
    "# .PCD v.7 - Point Cloud Data file format\n"
    "# a comment\n"
    "# obj_info scanner 7\n"
    "VERSION .7\n"
    "FIELDS x id _ pair\n"
    "SIZE 4 8 1 2\n"
    "TYPE F U U I\n"
    "COUNT 1 1 3 2\n"
    "WIDTH 2\n"
    "HEIGHT 1\n"
    "VIEWPOINT 1 2 3 0.5 0.5 0.5 0.5\n"
    "POINTS 2\n";

std::string point(float x, std::uint64_t id, std::int16_t a, std::int16_t b) {
  return raw(x) + raw(id) + "pad" + raw(a) + raw(b);
}

void expect_cloud(const PointCloud& cloud) {
  ASSERT_EQ(cloud.size(), 2U);
  ASSERT_EQ(cloud.fields().size(), 3U);  // without the padding
  EXPECT_THAT(values<float>(cloud, "x"), ElementsAre(1.5F, testing::IsNan()));
  EXPECT_THAT(values<std::uint64_t>(cloud, "id"), ElementsAre(UINT64_MAX, 7));
  EXPECT_EQ(cloud.find("pair")->count(), 2U);
  EXPECT_THAT(values<std::int16_t>(cloud, "pair"), ElementsAre(-1, 2, 3, -4));
  EXPECT_THAT(cloud.metadata().comments, ElementsAre("a comment"));
  EXPECT_THAT(cloud.metadata().obj_info, ElementsAre("scanner 7"));
  EXPECT_THAT(cloud.metadata().viewpoint, ElementsAre(1, 2, 3, 0.5, 0.5, 0.5, 0.5));
}

TEST(pcd, ascii_skips_padding) {
  const std::string header = std::string(kHeader) + "DATA ascii\n";
  const std::string body =
      "1.5 18446744073709551615 0 0 0 -1 2\n"
      "nan 7 zzz 0 0 3 -4\n";
  expect_cloud(parse(header + body));
  expect_cloud(parse(header + "\n" + body + "\n  \n"));
}

TEST(pcd, binary_skips_padding_and_accepts_pages) {
  const std::string file = std::string(kHeader) + "DATA binary\n" + point(1.5F, UINT64_MAX, -1, 2) +
                           point(NAN, 7, 3, -4);
  expect_cloud(parse(file));
  expect_cloud(parse(file + std::string(70000, '\0')));
  EXPECT_THAT(
      parse(file + "x").metadata().notes,
      ElementsAre("1 more byte after the last point that the header announces are left out"));
  EXPECT_EQ(refusal(file.substr(0, file.size() - 1)),
            "a.ply: ends after 1 of 2 points, the file is truncated");
}

TEST(pcd, crlf_header) {
  std::string header;
  for (const char* c = kHeader; *c != '\0'; ++c) header += *c == '\n' ? "\r\n" : std::string(1, *c);
  expect_cloud(
      parse(header + "DATA binary\r\n" + point(1.5F, UINT64_MAX, -1, 2) + point(NAN, 7, 3, -4)));
}

TEST(pcd, compressed_without_padding) {
  // Literals only: eight bytes of x, then id, then pair, in LZF runs of up to 32.
  const std::string fields = raw(1.5F) + raw(NAN) + raw(UINT64_MAX) + raw(std::uint64_t{7}) +
                             raw(std::int16_t{-1}) + raw(std::int16_t{2}) + raw(std::int16_t{3}) +
                             raw(std::int16_t{-4});
  ASSERT_EQ(fields.size(), 32U);
  const std::string header = std::string(kHeader) + "DATA binary_compressed\n";
  const auto file = [&](std::uint32_t packed, std::uint32_t size) {
    return header + raw(packed) + raw(size) + '\x1f' + fields;
  };
  expect_cloud(parse(file(33, 32)));
  expect_cloud(parse(file(33, 32) + std::string(4096, '\0')));
  EXPECT_EQ(refusal(file(33, 31)), "a.ply: holds 31 bytes of points, expected 32 from the header");
  EXPECT_THAT(refusal(file(33, 33)), HasSubstr("holds 33 bytes of points, expected 32"));
  EXPECT_EQ(refusal(file(34, 32)),
            "a.ply: ends after 33 of 34 compressed bytes, the file is truncated");
  EXPECT_EQ(refusal(file(32, 32)), "a.ply: has corrupt compressed points");
  EXPECT_EQ(refusal(header + "abc"), "a.ply: ends before the compressed points");
  EXPECT_EQ(refusal("FIELDS x\nWIDTH 1000000000\nDATA binary_compressed\n" + raw(4U) +
                    raw(4000000000U) + "abcd"),
            "a.ply: cannot decompress to 4000000000 bytes, the file is corrupt");
}

TEST(pcd, old_files_have_defaults) {
  const PointCloud cloud = parse("COLUMNS x y z\nPOINTS 2\nDATA ascii\n1 2 3\n4 5 6\n");
  EXPECT_EQ(cloud.width(), 2U);
  EXPECT_EQ(cloud.height(), 1U);
  EXPECT_THAT(values<float>(cloud, "z"), ElementsAre(3, 6));
  EXPECT_EQ(parse("VERSION .5\nFIELDS x\nWIDTH 1\nDATA ascii\n1\n").size(), 1U);
}

TEST(pcd, comments_in_every_shape) {
  const CloudMetadata metadata = parse(
                                     "# .PCD v.6 first line\n#tight\n#\n#  wide\r\n#obj_info a "
                                     "b\nFIELDS x\nWIDTH 0\nDATA ascii\n")
                                     .metadata();
  EXPECT_THAT(metadata.comments, ElementsAre("tight", "", " wide"));
  EXPECT_THAT(metadata.obj_info, ElementsAre("a b"));
}

TEST(pcd, every_size_and_type) {
  const PointCloud cloud = parse(
      "VERSION 0.7\nFIELDS a b c d e f g h i j\nSIZE 1 1 2 2 4 4 8 8 4 8\n"
      "TYPE I U I U I U I U F F\nCOUNT 1 1 1 1 1 1 1 1 1 1\nWIDTH 1\nHEIGHT 1\nPOINTS 1\n"
      "DATA ascii\n-128 255 -32768 65535 -2147483648 4294967295 -9223372036854775808 "
      "18446744073709551615 0.1 0.1\n");
  for (std::size_t f = 0; f < 10; ++f)
    EXPECT_EQ(cloud.fields()[f].type(), static_cast<FieldType>(f));
  EXPECT_EQ(values<std::int64_t>(cloud, "g")[0], INT64_MIN);
  EXPECT_EQ(values<double>(cloud, "j")[0], 0.1);
}

TEST(pcd, organised_clouds_keep_their_grid) {
  const PointCloud cloud =
      parse("VERSION .7\nFIELDS x\nWIDTH 3\nHEIGHT 2\nPOINTS 6\nDATA ascii\n1\n2\n3\n4\n5\nnan\n");
  EXPECT_EQ(cloud.width(), 3U);
  EXPECT_EQ(cloud.height(), 2U);
}

TEST(pcd, writes_the_header_that_pcl_writes) {
  const TempFolder folder;
  PointCloud cloud(2, 1);
  cloud.add("x", FieldType::kFloat32).values<float>()[1] = 0.5F;
  cloud.add("id", FieldType::kUInt64).values<std::uint64_t>()[0] = UINT64_MAX;
  cloud.metadata().comments = {"hello"};
  write_cloud(folder / "a.pcd", cloud, Encoding::kAscii);
  EXPECT_EQ(contents(folder / "a.pcd"),
            "# .PCD v0.7 - Point Cloud Data file format\n# hello\nVERSION 0.7\nFIELDS x id\n"
            "SIZE 4 8\nTYPE F U\nCOUNT 1 1\nWIDTH 2\nHEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS 2\n"
            "DATA ascii\n0 18446744073709551615\n0.5 0\n");
}

TEST(pcd, faces_are_refused_empty_elements_are_not) {
  const TempFolder folder;
  PointCloud cloud(1);
  cloud.add("x", FieldType::kFloat32);
  cloud.metadata().elements.push_back({.name = "edge", .items = 0});
  EXPECT_NO_THROW(write_cloud(folder / "a.pcd", cloud));
  cloud.metadata().elements.push_back({.name = "face", .items = 1});
  try {
    write_cloud(folder / "b.pcd", cloud);
    FAIL() << "no exception";
  } catch (const Error& e) {
    EXPECT_EQ(e.fault(), Fault::kInput);
    EXPECT_THAT(e.what(), HasSubstr("has an element face besides its points, which PCD cannot"));
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "b.pcd"));
}

TEST(pcd, headers_that_do_not_fit_together) {
  const auto with = [](std::string header) { return refusal(header + "DATA ascii\n1\n"); };
  const std::string good = "VERSION .7\nFIELDS x\nSIZE 4\nTYPE F\nCOUNT 1\nWIDTH 1\nHEIGHT 1\n";
  EXPECT_EQ(with(good + "POINTS 1\n"), "");
  EXPECT_THAT(with(good + "POINTS 2\n"), HasSubstr("WIDTH times HEIGHT is 1, but its POINTS 2"));
  EXPECT_THAT(with(good + "POINTS many\n"), HasSubstr("POINTS is no number"));
  EXPECT_THAT(with(good + "POINTS -1\n"), HasSubstr("POINTS is no number"));
  EXPECT_THAT(with(good + "WIDTH 1\n"), HasSubstr("line 8: a second line WIDTH"));
  EXPECT_THAT(with(good + "COUNTS 1\n"),
              HasSubstr("unknown word 'COUNTS' in the PCD header, expected COUNT"));
  EXPECT_THAT(with("VERSION 0.8\n"), HasSubstr("VERSION is unknown"));
  EXPECT_THAT(with("VERSION .7\nWIDTH 1\n"), HasSubstr("no FIELDS"));
  EXPECT_THAT(with("FIELDS x\n"), HasSubstr("neither WIDTH nor POINTS"));
  EXPECT_THAT(with("FIELDS x\nHEIGHT 2\nPOINTS 2\n"), HasSubstr("HEIGHT but no WIDTH"));
  EXPECT_THAT(with("FIELDS x y\nSIZE 4\nWIDTH 1\n"), HasSubstr("SIZE has 1 entries for 2 FIELDS"));
  EXPECT_THAT(with("FIELDS x\nSIZE 3\nWIDTH 1\n"), HasSubstr("SIZE and TYPE of x are 3 and F"));
  EXPECT_THAT(with("FIELDS x\nTYPE D\nWIDTH 1\n"), HasSubstr("SIZE and TYPE of x are 4 and D"));
  EXPECT_THAT(with("FIELDS x\nCOUNT -1\nWIDTH 1\n"), HasSubstr("COUNT of x is '-1'"));
  EXPECT_THAT(with("FIELDS x\nWIDTH 1\nVIEWPOINT 0 0 0\n"), HasSubstr("not seven numbers"));
  EXPECT_THAT(with("FIELDS x\nWIDTH 4294967296\nHEIGHT 4294967296\n"), HasSubstr("overflows"));
  EXPECT_THAT(refusal("FIELDS x\nWIDTH 1\nDATA zip\n1\n"), HasSubstr("DATA is unknown"));
  EXPECT_THAT(refusal("FIELDS x\nWIDTH 1\n"), HasSubstr("expected DATA"));
  EXPECT_THAT(refusal("FIELDS\nWIDTH 1\nDATA ascii\n"), HasSubstr("points without fields"));
}

TEST(pcd, ascii_is_one_point_a_line) {
  const std::string header = "FIELDS x y\nWIDTH 2\nDATA ascii\n";
  EXPECT_EQ(refusal(header + "1 2\n3 4\n"), "");
  EXPECT_EQ(refusal(header + "1 2 3\n4\n"), "a.ply: line 4: 3 values where the header announces 2");
  EXPECT_EQ(refusal(header + "1\n2 3 4\n"), "a.ply: line 4: 1 value where the header announces 2");
  EXPECT_EQ(refusal(header + "1 2\n3.25\n"), "a.ply: line 5: 1 value where the header announces 2");
  EXPECT_EQ(refusal(header + "1 2\n3.25"),
            "a.ply: ends after 1 of 2 points, the file is truncated");
  EXPECT_THAT(parse(header + "1 2\n3 4\n5 6\n").metadata().notes,
              ElementsAre(HasSubstr("line 6: continues after the last value")));
}

}  // namespace
}  // namespace ptattn::test
