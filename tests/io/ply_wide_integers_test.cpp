// Fields of 64-bit integers in PLY files, which have no such type.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "parse_text.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/io/cloud_stream.hpp"
#include "ptattn/io/cloud_writer.hpp"
#include "temp_folder.hpp"

namespace ptattn::test {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
constexpr std::uint64_t kBits53 = std::uint64_t{1} << 53U;

/// One field of these values.
template <class T>
PointCloud cloud_of(const std::vector<T>& values, const std::string& name = "stamp") {
  PointCloud cloud(values.size());
  std::ranges::copy(values, cloud.add(name, field_type_of<T>()).template values<T>().begin());
  return cloud;
}

class PlyWideIntegers : public testing::Test {
 protected:
  [[nodiscard]] std::string text_of(const PointCloud& cloud) const {
    write_cloud(folder_ / "a.ply", cloud, Encoding::kAscii);
    return contents(folder_ / "a.ply");
  }
  TempFolder folder_;
};

TEST_F(PlyWideIntegers, are_a_double_and_what_it_rounds_off) {
  const auto cloud = cloud_of<std::uint64_t>({7, kBits53 + 1, kMost});
  EXPECT_EQ(text_of(cloud),
            "ply\nformat ascii 1.0\ncomment uint64 stamp = stamp + stamp_rest\n"
            "element vertex 3\nproperty double stamp\nproperty short stamp_rest\nend_header\n"
            "7 0\n9007199254740992 1\n18446744073709551616 -1\n");
}

TEST_F(PlyWideIntegers, come_back_at_every_size) {
  std::vector<std::uint64_t> values{0, 1, kMost};
  std::vector<std::int64_t> signed_values{0, -1, kLeast, std::numeric_limits<std::int64_t>::max()};
  for (unsigned bit = 1; bit < 64; ++bit) {
    for (const std::int64_t more : {-1, 0, 1}) {
      const std::uint64_t value = (std::uint64_t{1} << bit) + static_cast<std::uint64_t>(more);
      values.push_back(value);
      signed_values.push_back(static_cast<std::int64_t>(value));
      signed_values.push_back(static_cast<std::int64_t>(0 - value));
    }
  }
  for (const Encoding encoding :
       {Encoding::kAscii, Encoding::kBinary, Encoding::kBinaryBigEndian}) {
    for (const PointCloud& cloud : {cloud_of(values), cloud_of(signed_values)}) {
      write_cloud(folder_ / "a.ply", cloud, encoding);
      EXPECT_TRUE(identical(read_cloud(folder_ / "a.ply"), cloud));
    }
  }
}

TEST_F(PlyWideIntegers, take_names_that_are_free) {
  PointCloud cloud = cloud_of<std::int64_t>({kLeast});
  cloud.add("stamp_rest", FieldType::kInt16).values<std::int16_t>()[0] = 5;
  EXPECT_THAT(text_of(cloud), testing::HasSubstr("stamp = stamp + stamp_rest_2"));
  EXPECT_TRUE(identical(read_cloud(folder_ / "a.ply"), cloud));
}

TEST_F(PlyWideIntegers, come_back_among_lists_of_varying_length) {
  PointCloud cloud = cloud_of<std::uint64_t>({kMost, 3});
  cloud.metadata().point_lists.push_back({.name = "near",
                                          .type = FieldType::kUInt8,
                                          .is_list = true,
                                          .values = {std::byte{1}, std::byte{2}, std::byte{3}},
                                          .sizes = {1, 2}});
  write_cloud(folder_ / "a.ply", cloud);
  EXPECT_TRUE(identical(read_cloud(folder_ / "a.ply"), cloud));
}

TEST_F(PlyWideIntegers, are_read_and_written_in_pieces) {
  constexpr std::size_t kPoints = 1000;
  PointCloud cloud(kPoints);
  cloud.add("x", FieldType::kFloat32);
  auto values = cloud.add("stamp", FieldType::kUInt64, 2).values<std::uint64_t>();
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = kMost / (i + 1);
  write_cloud(folder_ / "a.ply", cloud);
  const auto stream = open_cloud_stream(folder_ / "a.ply");
  ASSERT_NE(stream, nullptr);
  EXPECT_EQ(stream->head().find("stamp")->type(), FieldType::kUInt64);
  EXPECT_TRUE(stream->head().metadata().comments.empty());
  CloudWriter writer(folder_ / "b.ply", stream->head(), stream->shape());
  for (std::size_t done = 0; done < kPoints;) {
    const PointCloud piece = stream->next(300);
    done += piece.size();
    writer.append(piece);
  }
  writer.commit();
  EXPECT_EQ(contents(folder_ / "b.ply"), contents(folder_ / "a.ply"));
}

std::string ply_of(const std::string& comment, const std::string& values) {
  return "ply\nformat ascii 1.0\ncomment " + comment +
         "\nelement vertex 1\nproperty double t\nproperty short t_rest\nend_header\n" + values +
         "\n";
}

TEST_F(PlyWideIntegers, are_two_fields_where_no_comment_fits) {
  for (const char* const comment : {"uint64 t = t + other", "uint64 t = other + t_rest",
                                    "uint32 t = t + t_rest", "uint64 t = t - t_rest", "t"}) {
    const PointCloud cloud = parse(ply_of(comment, "0.5 2"));
    EXPECT_EQ(cloud.fields().size(), 2U) << comment;
    EXPECT_THAT(cloud.metadata().comments, testing::ElementsAre(comment));
  }
}

TEST_F(PlyWideIntegers, of_which_a_comment_lies_are_refused) {
  const std::string unsigned_sum = "uint64 t = t + t_rest";
  const std::string signed_sum = "int64 t = t + t_rest";
  for (const char* const values : {"0.5 0", "7 1", "-1 0", "1.9e19 0", "18446744073709551616 0",
                                   "nan 0", "inf 0", "-1e300 0"}) {
    EXPECT_THAT(refusal(ply_of(unsigned_sum, values)),
                testing::HasSubstr("point 0: t + t_rest is not the uint64"))
        << values;
  }
  EXPECT_EQ(refusal(ply_of(unsigned_sum, "18446744073709551616 -1")), "");
  EXPECT_EQ(refusal(ply_of(signed_sum, "-1 0")), "");
  EXPECT_THAT(refusal(ply_of(signed_sum, "9223372036854775808 0")), testing::HasSubstr("int64"));
}

}  // namespace
}  // namespace ptattn::test
