// Files read and written in pieces are those read and written as a whole.

#include "ptattn/io/cloud_stream.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "las/las_files.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/io/cloud_writer.hpp"
#include "random_cloud.hpp"
#include "temp_folder.hpp"

namespace ptattn::test {
namespace {

using ::testing::HasSubstr;

/// All pieces behind each other, as a cloud of `head`.
PointCloud joined(CloudStream& stream, std::size_t least) {
  const CloudShape shape = stream.shape();
  PointCloud whole(shape.width, shape.height);
  whole.metadata() = stream.head().metadata();
  auto las = whole.metadata().las ? std::make_shared<LasMetadata>(*whole.metadata().las) : nullptr;
  const auto extend = [](std::vector<Field>& fields, const std::vector<Field>& all,
                         std::size_t points, std::size_t first) {
    for (std::size_t f = 0; f < all.size(); ++f) {
      if (first == 0) {
        Field zeros(all[f].name(), all[f].type(), points, all[f].count());
        fields.size() > f ? void(fields[f] = std::move(zeros)) : fields.push_back(std::move(zeros));
      }
      const auto bytes = all[f].bytes();
      std::ranges::copy(bytes, fields[f].bytes().begin() +
                                   static_cast<std::ptrdiff_t>(first * all[f].bytes_per_point()));
    }
  };
  std::size_t first = 0;
  for (PointCloud piece = stream.next(least);; piece = stream.next(least)) {
    extend(whole.fields(), piece.fields(), whole.size(), first);
    if (las) extend(las->exact, piece.metadata().las->exact, whole.size(), first);
    if (piece.empty()) break;
    first += piece.size();
  }
  EXPECT_EQ(first, whole.size());
  whole.metadata().las = las;
  return whole;
}

/// Writes what a stream reads.
void copy_in_pieces(CloudStream& stream, const std::filesystem::path& path, std::size_t least) {
  CloudWriter writer(path, stream.head(), stream.shape());
  for (PointCloud piece = stream.next(least); !piece.empty(); piece = stream.next(least)) {
    writer.append(piece);
  }
  writer.commit();
}

class Pieces : public testing::TestWithParam<Container> {
 protected:
  TempFolder folder_;
};

TEST_P(Pieces, are_read_and_written_as_the_whole) {
  const auto in = folder_ / (std::string("in") + GetParam().extension);
  const auto out = folder_ / (std::string("out") + GetParam().extension);
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    const PointCloud cloud = random_cloud(seed, GetParam());
    write_cloud(in, cloud, GetParam().encoding);
    const auto stream = open_cloud_stream(in);
    ASSERT_NE(stream, nullptr);
    EXPECT_EQ(stream->head().name(), in.string());
    EXPECT_TRUE(identical(joined(*stream, 7), cloud));
    if (GetParam().encoding != Encoding::kBinary) continue;
    stream->rewind();
    copy_in_pieces(*stream, out, 5);
    EXPECT_EQ(contents(out), contents(in));
  }
}

INSTANTIATE_TEST_SUITE_P(Binary, Pieces,
                         testing::Values(Container{".ply", Encoding::kBinary},
                                         Container{".ply", Encoding::kBinaryBigEndian},
                                         Container{".pcd", Encoding::kBinary}),
                         [](const auto& one) { return name_of(one.param); });

class LasPieces : public testing::TestWithParam<std::string> {
 protected:
  TempFolder folder_;
};

TEST_P(LasPieces, are_read_and_written_as_the_whole) {
  const auto path = las_folder() / GetParam();
  const PointCloud whole = read_cloud(path);
  const auto stream = open_cloud_stream(path);
  ASSERT_NE(stream, nullptr);
  for (const std::size_t least : {1U, 3U, 1000U, 1000000U}) {
    stream->rewind();
    EXPECT_TRUE(identical(joined(*stream, least), whole)) << least;
  }
  for (const char* const extension : {".las", ".laz"}) {
    write_cloud(folder_ / (std::string("whole") + extension), whole);
    for (const std::size_t least : {3U, 1000000U}) {
      stream->rewind();
      copy_in_pieces(*stream, folder_ / (std::string("pieces") + extension), least);
      EXPECT_EQ(contents(folder_ / (std::string("pieces") + extension)),
                contents(folder_ / (std::string("whole") + extension)))
          << extension << " in pieces of " << least;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Las, LasPieces, testing::ValuesIn(fixture_names(".las")));
INSTANTIATE_TEST_SUITE_P(Laz, LasPieces, testing::ValuesIn(fixture_names(".laz")));
INSTANTIATE_TEST_SUITE_P(Outside, LasPieces,
                         testing::Values("outside/simple.laz", "outside/simple1_1.las",
                                         "outside/1_4_w_evlr.las", "outside/extrabytes.las"));

class CloudStreams : public testing::Test {
 protected:
  TempFolder folder_;

  /// More points than a chunk of a LAZ file has.
  [[nodiscard]] PointCloud large_las() const {
    constexpr std::size_t kPoints = 123'456;
    Random random(3);
    PointCloud cloud(kPoints);
    for (const char* const axis : {"x", "y", "z"}) {
      for (double& value : cloud.add(axis, FieldType::kFloat64).values<double>()) {
        value = static_cast<double>(random.below(1'000'000)) * 0.001;
      }
    }
    for (std::uint16_t& value :
         cloud.add("intensity", FieldType::kUInt16).values<std::uint16_t>()) {
      value = static_cast<std::uint16_t>(random.below(4000));
    }
    write_cloud(folder_ / "large.laz", cloud);
    return read_cloud(folder_ / "large.laz");
  }
};

TEST_F(CloudStreams, pieces_of_chunks_give_the_same_bytes_for_any_size_and_thread_count) {
  const PointCloud whole = large_las();
  for (const char* const extension : {".laz", ".las", ".ply", ".pcd"}) {
    const auto expected = folder_ / (std::string("whole") + extension);
    write_cloud(expected, whole);
    for (const int threads : {1, 4}) {
      const ThreadLimit limit(threads);
      for (const std::size_t least : {1U, 20'000U, 60'000U}) {
        const auto stream = open_cloud_stream(folder_ / "large.laz");
        const auto out = folder_ / (std::string("pieces") + extension);
        copy_in_pieces(*stream, out, least);
        EXPECT_EQ(contents(out) == contents(expected), true)
            << extension << " in pieces of " << least << " by " << threads << " threads";
      }
    }
  }
}

TEST_F(CloudStreams, a_piece_holds_whole_chunks_of_a_laz_file_and_no_more) {
  (void)large_las();
  const auto stream = open_cloud_stream(folder_ / "large.laz");
  std::vector<std::size_t> sizes;
  for (std::size_t n = stream->next(50'001).size(); n > 0; n = stream->next(50'001).size()) {
    sizes.push_back(n);
  }
  EXPECT_THAT(sizes, testing::ElementsAre(100'000, 23'456));
}

TEST_F(CloudStreams, what_must_be_read_as_a_whole_has_no_stream) {
  PointCloud cloud(10);
  for (const char* const axis : {"x", "y", "z"}) cloud.add(axis, FieldType::kFloat32);
  write_cloud(folder_ / "text.ply", cloud, Encoding::kAscii);
  write_cloud(folder_ / "text.pcd", cloud, Encoding::kAscii);
  write_cloud(folder_ / "packed.pcd", cloud, Encoding::kBinaryCompressed);
  put(folder_ / "empty.ply", "");
  put(folder_ / "zipped.ply.gz", std::string("\x1f\x8b\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20));
  for (const char* const name :
       {"text.ply", "text.pcd", "packed.pcd", "empty.ply", "zipped.ply.gz"}) {
    EXPECT_EQ(open_cloud_stream(folder_ / name), nullptr) << name;
  }
  EXPECT_EQ(open_cloud_stream(folder_.path()), nullptr);
}

TEST_F(CloudStreams, lists_of_several_lengths_have_no_stream_or_say_so) {
  PointCloud cloud(3);
  cloud.add("x", FieldType::kFloat32);
  ElementProperty list{.name = "tags",
                       .type = FieldType::kUInt8,
                       .is_list = true,
                       .size_type = FieldType::kUInt8,
                       .values = std::vector<std::byte>(6),
                       .sizes = {2, 2, 2}};
  cloud.metadata().point_lists = {list};
  write_cloud(folder_ / "a.ply", cloud);
  std::string bytes = contents(folder_ / "a.ply");
  bytes[bytes.size() - 3] = '\1';  // the length of the last list
  put(folder_ / "uneven.ply", bytes);
  const auto stream = open_cloud_stream(folder_ / "uneven.ply");
  ASSERT_NE(stream, nullptr);
  try {
    (void)joined(*stream, 1);
    FAIL() << "was read";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("lists of several lengths"));
  }
}

TEST_F(CloudStreams, damage_is_found_as_by_the_whole_reader) {
  (void)large_las();
  std::string bytes = contents(folder_ / "large.laz");
  for (std::size_t i = 0; i < 4000; ++i) bytes[bytes.size() / 2 + i] = '\x55';
  put(folder_ / "damaged.laz", bytes);
  std::string whole;
  std::string pieces;
  try {
    (void)read_cloud(folder_ / "damaged.laz");
  } catch (const Error& error) {
    whole = error.what();
  }
  try {
    (void)joined(*open_cloud_stream(folder_ / "damaged.laz"), 1);
  } catch (const Error& error) {
    pieces = error.what();
  }
  EXPECT_THAT(whole, HasSubstr("chunk 2 of 3"));
  EXPECT_EQ(pieces, whole);
}

TEST_F(CloudStreams, a_writer_refuses_what_it_cannot_write_in_pieces) {
  PointCloud cloud(2);
  for (const char* const axis : {"x", "y", "z"}) cloud.add(axis, FieldType::kFloat32);
  const auto refusal = [&](const std::string& name, const CloudShape& shape,
                           const PointCloud& piece) -> std::string {
    try {
      CloudWriter writer(folder_ / name, cloud, shape);
      writer.append(piece);
      writer.commit();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(refusal("a.las", {2, 1}, cloud), HasSubstr("is made from the whole of it"));
  EXPECT_THAT(refusal("a.ply", {3, 1}, cloud), HasSubstr("got 2 points, expected 3"));
  PointCloud other = cloud;
  other.fields().pop_back();
  EXPECT_THAT(refusal("a.ply", {2, 1}, other), HasSubstr("other fields than the whole"));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path())) << "nothing is left behind";
}

}  // namespace
}  // namespace ptattn::test
