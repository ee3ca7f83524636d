#include "ptattn/io/cloud_source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <string>
#include <thread>

#include <csignal>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "parse_text.hpp"
#include "ptattn/core/random.hpp"
#include "temp_folder.hpp"

namespace ptattn::test {
namespace {

using testing::HasSubstr;

const std::string kPly =
    "ply\nformat ascii 1.0\nelement vertex 2\nproperty float x\nend_header\n1\n2\n";

/// What gzip makes of `bytes`.
std::string gzipped(const std::string& bytes) {
  z_stream state{};
  EXPECT_EQ(deflateInit2(&state, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&state, bytes.size()), '\0');
  state.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  state.avail_in = static_cast<uInt>(bytes.size());
  state.next_out = reinterpret_cast<Bytef*>(out.data());
  state.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&state, Z_FINISH), Z_STREAM_END);
  out.resize(state.total_out);
  deflateEnd(&state);
  return out;
}

TEST(gzip_data, hold_any_of_the_formats) {
  const TempFolder folder;
  PointCloud cloud(1000);
  for (const char* name : {"x", "y", "z"}) {
    Field& field = cloud.add(name, FieldType::kFloat64);
    for (std::size_t i = 0; i < 1000; ++i) field.values<double>()[i] = static_cast<double>(i % 97);
  }
  for (const char* name : {"a.ply", "a.pcd", "a.las", "a.laz"}) {
    write_cloud(folder / name, cloud);
    put(folder / "b.gz", gzipped(contents(folder / name)));
    EXPECT_TRUE(identical(read_cloud(folder / "b.gz"), read_cloud(folder / name))) << name;
  }
}

TEST(gzip_data, have_the_comments_of_what_they_hold) {
  const TempFolder folder;
  std::string cloud = kPly;
  cloud.insert(cloud.find("element"), "comment ptattn made by ptattn-segment 0.1.0\n");
  put(folder / "a.ply.gz", gzipped(cloud));
  EXPECT_THAT(read_comments(folder / "a.ply.gz"),
              testing::Contains("ptattn made by ptattn-segment 0.1.0"));
}

TEST(gzip_data, may_have_several_members_and_padding) {  // bgzip, pigz
  const PointCloud plain = parse(kPly);
  EXPECT_TRUE(identical(parse(gzipped(kPly.substr(0, 40)) + gzipped(kPly.substr(40))), plain));
  EXPECT_TRUE(identical(parse(gzipped(kPly) + std::string(512, '\0')), plain));
}

TEST(gzip_data, have_a_note_on_what_stands_behind_them) {
  const PointCloud plain = parse(kPly);
  EXPECT_TRUE(parse(gzipped(kPly) + std::string(512, '\0')).metadata().notes.empty());
  for (const std::string rest : {"ply\n", "\x1f", "\x1f_is_how_a_member_begins"}) {
    const PointCloud cloud = parse(gzipped(kPly) + rest);
    EXPECT_TRUE(identical(cloud, plain));
    EXPECT_THAT(cloud.metadata().notes,
                testing::ElementsAre(HasSubstr(" after the gzip data of the cloud are left out")));
  }
}

TEST(gzip_data, that_are_cut_or_damaged_are_refused) {
  const std::string whole = gzipped(kPly);
  for (std::size_t size = 18; size < whole.size(); ++size) {
    EXPECT_EQ(refusal(whole.substr(0, size)),
              "a.ply: ends within its gzip data, the file is truncated")
        << size;
  }
  std::string damaged = whole;
  damaged[whole.size() - 5] = static_cast<char>(damaged[whole.size() - 5] ^ 1);  // the checksum
  EXPECT_EQ(refusal(damaged), "a.ply: holds damaged gzip data");
}

TEST(gzip_data, that_are_no_cloud_name_what_they_are) {
  EXPECT_THAT(refusal(gzipped("{\"a\": 1}")), HasSubstr("is a JSON file"));
  EXPECT_THAT(refusal(gzipped(gzipped(kPly))), HasSubstr("is gzip data within gzip data"));
}

TEST(gzip_data, that_grow_beyond_reason_are_refused_early) {
  const std::string header =
      "ply\nformat binary_little_endian 1.0\nelement vertex 400000000\nproperty char "
      "c\nend_header\n";
  const std::string bomb = gzipped(header + std::string(400'000'000, '\0'));
  ASSERT_LT(bomb.size(), 1'000'000U);
  EXPECT_THAT(refusal(bomb), HasSubstr("grows to more than 300 times its size"));
  const std::string zeros = gzipped(std::string(400'000'000, '\0'));
  EXPECT_THAT(refusal(zeros), HasSubstr("holds nothing but zeros"))
      << "looked at before it has grown";
}

TEST(pipes, are_read_to_their_end_however_they_are_written) {
  const TempFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  std::string big =
      "ply\nformat binary_little_endian 1.0\nelement vertex 300000\nproperty float x\nend_header\n";
  big += std::string(1'200'000, '\1');
  std::string noise = big;  // whose gzip data is longer than the first look at a pipe
  Random random(3);
  for (std::size_t i = noise.size() - 1'200'000; i < noise.size(); ++i) {
    noise[i] = static_cast<char>(random.uniform() * 127.0);
  }
  ASSERT_GT(gzipped(noise).size(), 500'000U);
  for (const std::string& bytes : {kPly, big, gzipped(kPly), gzipped(noise)}) {
    std::thread writer([&] {
      std::ofstream out(folder / "pipe", std::ios::binary);
      for (std::size_t at = 0; at < bytes.size(); at += 70000) {
        out.write(bytes.data() + at,
                  static_cast<std::streamsize>(std::min<std::size_t>(70000, bytes.size() - at)));
        out.flush();
      }
    });
    const PointCloud cloud = read_cloud(folder / "pipe");
    writer.join();
    EXPECT_TRUE(identical(cloud, parse(bytes)));
  }
}

TEST(pipes, without_names_end_when_their_writer_has_gone) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const std::string path = "/dev/fd/" + std::to_string(ends[0]);
  ASSERT_EQ(::write(ends[1], kPly.data(), kPly.size()), static_cast<ssize_t>(kPly.size()));
  ::close(ends[1]);
  EXPECT_TRUE(identical(read_cloud(path), parse(kPly)));
  try {
    (void)read_cloud(path);  // nothing is left in it
    ADD_FAILURE() << "no exception";
  } catch (const Error& e) {
    EXPECT_EQ(std::string(e.what()), path + ": is empty, expected a PLY, PCD, LAS or LAZ file");
  }
  ::close(ends[0]);
}

TEST(pipes, of_something_else_are_not_read_to_their_end) {
  const TempFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  std::thread writer([&] {
    ::signal(SIGPIPE, SIG_IGN);
    const int file = ::open((folder / "pipe").c_str(), O_WRONLY);
    const std::string line(4096, 'y');
    while (::write(file, line.data(), line.size()) > 0) {
    }
    ::close(file);
  });
  EXPECT_THROW((void)read_cloud(folder / "pipe"), Error);
  writer.join();  // the reader has closed the pipe
}

}  // namespace
}  // namespace ptattn::test
