#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "parse_text.hpp"
#include "temp_folder.hpp"

namespace ptattn::test {
namespace {

using testing::ElementsAre;

constexpr const char* kMesh =
    "ply\n"
    "format ascii 1.0\n"
    "comment first\n"
    "obj_info made by hand\n"
    "element camera 1\n"
    "property double fov\n"
    "element vertex 3\n"
    "property float x\n"
    "property float32 y\n"
    "property double z\n"
    "property uchar red\n"
    "property int8 delta\n"
    "element face 2\n"
    "property list uchar int vertex_indices\n"
    "property short tag\n"
    "element edge 0\n"
    "property int a\n"
    "comment last\n"
    "end_header\n"
    "45.5\n"
    "0 0.1 4512345.678901 255 -1\n"
    "nan -0 inf 0 127\n"
    "1e3 2.5 -7 1 -128\n"
    "3 0 1 2 7\n"
    "0 -7\n";

void expect_mesh(const PointCloud& cloud) {
  ASSERT_EQ(cloud.size(), 3U);
  ASSERT_EQ(cloud.fields().size(), 5U);
  EXPECT_EQ(cloud.fields()[2].name(), "z");
  EXPECT_EQ(cloud.find("x")->type(), FieldType::kFloat32);
  EXPECT_EQ(cloud.find("z")->type(), FieldType::kFloat64);
  EXPECT_THAT(values<float>(cloud, "x"), ElementsAre(0.0F, testing::IsNan(), 1000.0F));
  EXPECT_THAT(values<float>(cloud, "y"), ElementsAre(0.1F, 0.0F, 2.5F));
  EXPECT_TRUE(std::signbit(values<float>(cloud, "y")[1]));
  EXPECT_THAT(values<double>(cloud, "z"), ElementsAre(4512345.678901, INFINITY, -7.0));
  EXPECT_THAT(values<std::uint8_t>(cloud, "red"), ElementsAre(255, 0, 1));
  EXPECT_THAT(values<std::int8_t>(cloud, "delta"), ElementsAre(-1, 127, -128));
  const CloudMetadata& metadata = cloud.metadata();
  EXPECT_THAT(metadata.comments, ElementsAre("first", "last"));
  EXPECT_THAT(metadata.obj_info, ElementsAre("made by hand"));
  ASSERT_EQ(metadata.elements.size(), 3U);
  EXPECT_TRUE(metadata.elements[0].before_vertices);
  const Element& face = metadata.elements[1];
  EXPECT_EQ(face.name, "face");
  EXPECT_FALSE(face.before_vertices);
  EXPECT_THAT(face.properties[0].sizes, ElementsAre(3, 0));
  EXPECT_EQ(face.properties[0].values.size(), 12U);
  EXPECT_EQ(face.properties[1].values.size(), 4U);
  EXPECT_EQ(metadata.elements[2].items, 0U);
}

TEST(ply, ascii_with_other_elements) {
  expect_mesh(parse(kMesh));
}

TEST(ply, line_ends_and_layout_do_not_matter_in_ascii) {
  std::string crlf;
  for (const char* c = kMesh; *c != '\0'; ++c) crlf += *c == '\n' ? "\r\n" : std::string(1, *c);
  expect_mesh(parse(crlf));
  std::string one_line = kMesh;
  const std::size_t body = one_line.find("45.5");
  std::replace(one_line.begin() + static_cast<std::ptrdiff_t>(body), one_line.end(), '\n', '\t');
  expect_mesh(parse(one_line));
  expect_mesh(parse(std::string(kMesh) + "\n \n"));
}

TEST(ply, every_encoding_carries_the_other_elements) {
  const TempFolder folder;
  const PointCloud mesh = parse(kMesh);
  for (const Encoding encoding :
       {Encoding::kAscii, Encoding::kBinary, Encoding::kBinaryBigEndian}) {
    write_cloud(folder / "mesh.ply", mesh, encoding);
    EXPECT_TRUE(identical(read_cloud(folder / "mesh.ply"), mesh));
  }
}

TEST(ply, binary_of_both_byte_orders) {
  for (const bool big : {false, true}) {
    const bool reversed = big != (std::endian::native == std::endian::big);
    std::string file = std::string("ply\nformat binary_") + (big ? "big" : "little") +
                       "_endian 1.0\nelement vertex 2\nproperty uchar tag\nproperty double x\n"
                       "property ushort s\nelement face 1\nproperty list uint16 int16 i\n"
                       "end_header\n";
    for (const int i : {1, 2}) {
      file += raw(static_cast<std::uint8_t>(i)) + raw(i + 0.25, reversed) +
              raw(static_cast<std::uint16_t>(i * 1000), reversed);
    }
    file += raw(std::uint16_t{2}, reversed) + raw(std::int16_t{-2}, reversed) +
            raw(std::int16_t{5}, reversed);
    const PointCloud cloud = parse(file);
    EXPECT_THAT(values<std::uint8_t>(cloud, "tag"), ElementsAre(1, 2));
    EXPECT_THAT(values<double>(cloud, "x"), ElementsAre(1.25, 2.25));
    EXPECT_THAT(values<std::uint16_t>(cloud, "s"), ElementsAre(1000, 2000));
    const ElementProperty& indices = cloud.metadata().elements[0].properties[0];
    EXPECT_THAT(indices.sizes, ElementsAre(2));
    EXPECT_EQ(std::memcmp(indices.values.data(),
                          (raw(std::int16_t{-2}) + raw(std::int16_t{5})).data(), 4),
              0);

    EXPECT_EQ(refusal(file + "\n \r\n"), "");  // some writers end the file like text
    EXPECT_THAT(parse(file + "x").metadata().notes,
                ElementsAre(testing::HasSubstr("1 more byte after the last point")));
    EXPECT_EQ(refusal(file.substr(0, file.size() - 1)),
              "a.ply: ends within a list i of 2 values, the file is truncated");
    EXPECT_EQ(refusal(file.substr(0, file.size() - 7)),
              "a.ply: ends after 1 of 2 points, the file is truncated");
  }
}

TEST(ply, lists_of_one_length_are_a_field_of_several_values) {
  const std::string header =
      "ply\nformat ascii 1.0\nelement vertex 2\nproperty float x\n"
      "property list uint float fpfh\nend_header\n";
  const PointCloud cloud = parse(header + "1 2 10 11\n2 2 20 21\n");
  ASSERT_EQ(cloud.find("fpfh")->count(), 2U);
  EXPECT_THAT(values<float>(cloud, "fpfh"), ElementsAre(10, 11, 20, 21));

  std::string binary = header;
  binary.replace(binary.find("ascii"), 5, "binary_little_endian");
  const auto point = [](float x, std::uint32_t n) {
    return raw(x) + raw(n) + raw(10 * x) + raw(10 * x + 1);
  };
  EXPECT_TRUE(identical(parse(binary + point(1, 2) + point(2, 2)), cloud));
  EXPECT_THAT(refusal(binary + point(1, 4000000000U) + point(2, 2)),
              testing::HasSubstr("ends within a list fpfh of 4000000000 values"));
}

TEST(ply, grid_from_obj_info_or_camera) {
  const std::string vertices = "element vertex 6\nproperty uchar v\n";
  const std::string body = "end_header\n1 2 3 4 5 6\n";
  const auto with = [&](const std::string& lines) {
    return "ply\nformat ascii 1.0\n" + lines + vertices + body;
  };
  PointCloud cloud = parse(with("obj_info num_cols 3\nobj_info num_rows 2\nobj_info more\n"));
  EXPECT_EQ(cloud.width(), 3U);
  EXPECT_EQ(cloud.height(), 2U);
  EXPECT_THAT(cloud.metadata().obj_info, ElementsAre("more"));

  // A grid that the points do not fill is none of ours, but stays.
  cloud = parse(with("obj_info num_cols 4\nobj_info num_rows 2\n"));
  EXPECT_EQ(cloud.height(), 1U);
  EXPECT_THAT(cloud.metadata().obj_info, ElementsAre("num_cols 4", "num_rows 2"));
  EXPECT_EQ(parse(with("obj_info num_cols 9223372036854775811\nobj_info num_rows 2\n")).height(),
            1U);

  cloud = parse("ply\nformat ascii 1.0\n" + vertices +
                "element camera 1\nproperty int viewportx\nproperty int viewporty\n"
                "end_header\n1 2 3 4 5 6\n2 3\n");
  EXPECT_EQ(cloud.width(), 2U);
  EXPECT_EQ(cloud.height(), 3U);
  const TempFolder folder;
  write_cloud(folder / "grid.ply", cloud);
  EXPECT_TRUE(identical(read_cloud(folder / "grid.ply"), cloud));
  EXPECT_EQ(contents(folder / "grid.ply").find("num_cols"), std::string::npos);
}

TEST(ply, writes_the_header_that_every_reader_knows) {
  const TempFolder folder;
  PointCloud cloud(2, 1);
  cloud.add("x", FieldType::kFloat32).values<float>()[1] = 0.5F;
  cloud.add("red", FieldType::kUInt8).values<std::uint8_t>()[0] = 200;
  cloud.metadata().comments = {"hello"};
  cloud.metadata().viewpoint[0] = 2;
  write_cloud(folder / "a.ply", cloud, Encoding::kAscii);
  EXPECT_EQ(contents(folder / "a.ply"),
            "ply\nformat ascii 1.0\ncomment hello\ncomment viewpoint 2 0 0 1 0 0 0\n"
            "element vertex 2\nproperty float x\nproperty uchar red\nend_header\n0 200\n0.5 0\n");
}

TEST(ply, what_it_cannot_hold_is_refused_and_nothing_written) {
  const TempFolder folder;
  const auto expect_refused = [&](const PointCloud& cloud, const std::string& problem) {
    try {
      write_cloud(folder / "a.ply", cloud);
      ADD_FAILURE() << "no exception, expected " << problem;
    } catch (const Error& e) {
      EXPECT_THAT(e.what(), testing::HasSubstr(problem));
    }
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  };
  PointCloud wide(1);
  wide.add("x", FieldType::kUInt8);
  const ElementProperty stamp{.name = "stamp",
                              .type = FieldType::kUInt64,
                              .values = std::vector<std::byte>(8),
                              .sizes = {}};
  wide.metadata().elements.push_back({.name = "camera", .items = 1, .properties = {stamp}});
  expect_refused(wide, "field stamp is uint64, which PLY cannot hold");
  PointCloud spaced(1);
  spaced.add("my field", FieldType::kUInt8);
  expect_refused(spaced, "'my field' cannot be a name in a PLY file");
  PointCloud broken(1);
  broken.add("x", FieldType::kUInt8);
  broken.metadata().comments = {"two\nlines"};
  expect_refused(broken, "a comment holds a line break");
  PointCloud uneven(1);
  uneven.add("x", FieldType::kUInt8);
  uneven.metadata().elements.push_back(
      {.name = "face", .items = 2, .properties = {{.name = "v", .values = {}, .sizes = {}}}});
  expect_refused(uneven, "face: the values of property v do not add up to the items");
}

TEST(ply, headers_that_say_too_much_or_too_little) {
  const auto with = [](const std::string& header) {
    return refusal("ply\n" + header + "end_header\n1 2 3\n");
  };
  const std::string good = "format ascii 1.0\nelement vertex 3\nproperty float x\n";
  EXPECT_EQ(with(good), "");
  EXPECT_EQ(with("element vertex 3\nproperty float x\n"),
            "a.ply: line 4: the header has no format line");
  EXPECT_THAT(with("format ascii 2.0\n"), testing::HasSubstr("line 2: unknown format"));
  EXPECT_THAT(with("format text 1.0\n"), testing::HasSubstr("unknown format"));
  EXPECT_THAT(with(good + "format ascii 1.0\n"), testing::HasSubstr("a second format line"));
  EXPECT_THAT(with(good + "element vertex 3\n"), testing::HasSubstr("a second element vertex"));
  EXPECT_THAT(with("format ascii 1.0\nelement face 0\n"), testing::HasSubstr("no element vertex"));
  EXPECT_THAT(with("format ascii 1.0\nelement vertex 3\n"), testing::HasSubstr("no properties"));
  EXPECT_THAT(with("format ascii 1.0\nproperty float x\n"),
              testing::HasSubstr("before any element"));
  EXPECT_THAT(with(good + "property real y\n"), testing::HasSubstr("unknown type 'real'"));
  EXPECT_THAT(with(good + "property list float int y\n"), testing::HasSubstr("must be an integer"));
  EXPECT_THAT(with(good + "element face -1\n"),
              testing::HasSubstr("expected 'element NAME COUNT'"));
  EXPECT_THAT(with(good + "element face 18446744073709551616\n"), testing::HasSubstr("expected"));
  for (const char* slip :
       {"propery float y", "proprety float y", "elements face 1", "Elment f 1"}) {
    EXPECT_THAT(with(good + slip + "\n"), testing::HasSubstr("line 5: unknown word '"));
  }
  EXPECT_THAT(refusal("ply\n" + good), testing::HasSubstr("expected end_header"));
  EXPECT_EQ(with(good + "element nothing 18446744073709551615\n"), "");  // no properties, no bytes
}

TEST(ply, ascii_bodies_that_do_not_fit) {
  const std::string header =
      "ply\nformat ascii 1.0\nelement vertex 2\nproperty float x\n"
      "property uchar r\nend_header\n";
  EXPECT_EQ(refusal(header + "1 2\n3 4\n"), "");
  EXPECT_EQ(refusal(header + "1 2\n3 256\n"), "a.ply: line 8: '256' is out of the range of uint8");
  EXPECT_EQ(refusal(header + "1 2\n3 4.5\n"), "a.ply: line 8: '4.5' is not a valid uint8");
  EXPECT_EQ(refusal(header + "1 2\nred 4\n"), "a.ply: line 8: 'red' is not a valid float32");
  EXPECT_EQ(refusal(header + "1.25 25\n3\n"),
            "a.ply: ends after 1 of 2 points, the file is truncated");
  EXPECT_THAT(parse(header + "1 2\n3 4\n5 6\n").metadata().notes,
              ElementsAre("line 9: continues after the last value that the header announces, the "
                          "rest is left out"));
  EXPECT_THAT(refusal("ply\nformat ascii 1.0\nelement vertex 1\nproperty char c\nelement f 1\n"
                      "property list char int i\nend_header\n1\n-1\n"),
              testing::HasSubstr("negative length"));
}

}  // namespace
}  // namespace ptattn::test
