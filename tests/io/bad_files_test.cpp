#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../sanitizers.hpp"
#include "parse_text.hpp"
#include "random_cloud.hpp"
#include "temp_folder.hpp"

// Files that lie, end early or are something else: one line of error each, no crash, no hang, and
// no more memory than their size warrants.

namespace ptattn::test {
namespace {

/// Caps the address space while it lives, so that an allocation on a header's word fails.
class MemoryLimit {
 public:
  MemoryLimit() {
    ::getrlimit(RLIMIT_AS, &old_);
    const rlimit small{2ULL << 30, old_.rlim_max};
    if (!kSanitized) ::setrlimit(RLIMIT_AS, &small);  // sanitizers reserve terabytes
  }
  ~MemoryLimit() { ::setrlimit(RLIMIT_AS, &old_); }

 private:
  rlimit old_{};
};

/// The bytes of a small cloud in every container.
std::vector<std::string> small_files() {
  const TempFolder folder;
  std::vector<std::string> files;
  for (const Container& container : kContainers) {
    PointCloud cloud = container.is_ply() ? PointCloud(5) : PointCloud(5, 2);
    Random random(1);
    for (const char* name : {"x", "y", "z"}) cloud.add(name, FieldType::kFloat32);
    cloud.add("many", FieldType::kInt16, 3);
    for (Field& field : cloud.fields()) fill_random(random, field.type(), field.bytes(), true);
    if (container.is_ply()) {
      cloud.metadata().elements.push_back(random_element(random, "face", false, true));
    }
    const auto path = folder / (std::string("a") + container.extension);
    write_cloud(path, cloud, container.encoding);
    files.push_back(contents(path));
  }
  return files;
}

/// Parses; true when that worked, false on an Error. Anything else fails the test.
bool parses(std::string_view file) {
  try {
    (void)parse(file);
    return true;
  } catch (const Error& e) {
    EXPECT_EQ(e.fault(), Fault::kInput);
    EXPECT_EQ(std::string_view(e.what()).find('\n'), std::string_view::npos);
    return false;
  }
}

TEST(bad_files, truncated_at_every_byte) {
  for (const std::string& file : small_files()) {
    ASSERT_TRUE(parses(file));
    // In text, the last line end is not missed, nor a digit of the last number.
    const bool ascii = file.find("ascii") != std::string::npos;
    const std::size_t last_number = file.find_last_of(' ');
    for (std::size_t size = 0; size < file.size(); ++size) {
      const bool worked = parses(std::string_view(file).substr(0, size));
      if (ascii && size > last_number) continue;
      EXPECT_FALSE(worked) << size << " bytes of\n" << file;
    }
  }
}

TEST(bad_files, any_byte_of_any_file_flipped) {
  const MemoryLimit limit;
  for (const std::string& file : small_files()) {
    for (std::size_t at = 0; at < file.size(); ++at) {
      for (const char flipped : {'\0', '\xff', '9', ' ', '\n', '-'}) {
        std::string changed = file;
        changed[at] = flipped;
        (void)parses(changed);
      }
    }
  }
}

TEST(bad_files, absurd_counts_allocate_nothing) {
  const MemoryLimit limit;
  for (const std::string count : {"100000000", "4294967295", "4294967296", "1152921504606846977",
                                  "6148914691236517206", "18446744073709551615"}) {
    for (const std::string format : {"ascii", "binary_little_endian", "binary_big_endian"}) {
      const std::string start = "ply\nformat " + format + " 1.0\n";
      EXPECT_FALSE(
          parses(start + "element vertex " + count + "\nproperty float x\nend_header\n1 2 3"));
      EXPECT_FALSE(parses(start + "element vertex " + count +
                          "\nproperty list uint double x\nend_header\n1 2 3"));
      EXPECT_FALSE(parses(start + "element face " + count +
                          "\nproperty list uchar int x\nelement vertex 1\nproperty char c\n"
                          "end_header\n1 2 3"));
      EXPECT_FALSE(parses(start + "element face " + count +
                          "\nproperty int x\nelement vertex 0\nend_header\n1 2 3"));
    }
    for (const std::string data : {"ascii", "binary", "binary_compressed"}) {
      EXPECT_FALSE(
          parses("FIELDS x\nWIDTH " + count + "\nDATA " + data + "\n" + std::string(8, '\x7f')));
      EXPECT_FALSE(parses("FIELDS x\nCOUNT " + count + "\nWIDTH 1\nDATA " + data + "\n" +
                          std::string(8, '\x7f')));
      EXPECT_FALSE(parses("FIELDS _ x\nCOUNT 4294967295 4294967295\nWIDTH " + count + "\nDATA " +
                          data + "\n" + std::string(8, '\x7f')));
    }
  }
}

TEST(bad_files, list_lengths_allocate_nothing) {
  const MemoryLimit limit;
  const std::string binary =
      "ply\nformat binary_little_endian 1.0\nelement vertex 1\n"
      "property uchar c\nelement face 1\nproperty list uint double v\n"
      "end_header\n" +
      std::string(1, '\1') + raw(UINT32_MAX) + "12345678";
  EXPECT_EQ(refusal(binary),
            "a.ply: ends within a list v of 4294967295 values, the file is truncated");
}

TEST(bad_files, headers_without_end) {
  const MemoryLimit limit;
  EXPECT_THAT(refusal("ply\nformat ascii 1.0\ncomment " + std::string(3'000'000, 'x')),
              testing::HasSubstr("does not end within 1 MiB"));
  std::string many = "ply\nformat ascii 1.0\n";
  while (many.size() < 3'000'000) many += "comment and on and on\n";
  EXPECT_THAT(refusal(many), testing::HasSubstr("does not end within 1 MiB"));
}

TEST(bad_files, something_else) {
  EXPECT_EQ(refusal(""), "a.ply: is empty, expected a PLY, PCD, LAS or LAZ file");
  for (const std::string& file :
       {std::string("Dear reader,\nthis is a letter.\n"), std::string("# A title\n\nand text\n"),
        std::string("\n\n\n"), std::string("plywood\n"), std::string("#\n#\n#"),
        std::string("ply")}) {
    EXPECT_THAT(refusal(file),
                testing::AnyOf("a.ply: is not a PLY, PCD or LAS file",
                               testing::HasSubstr("format line"), testing::HasSubstr("end_header")))
        << file;
  }
}

class BadPaths : public testing::Test {
 protected:
  static void expect_refused(const std::filesystem::path& path, const std::string& problem) {
    try {
      (void)read_cloud(path);
      ADD_FAILURE() << "no exception for " << path;
    } catch (const Error& e) {
      EXPECT_EQ(e.fault(), Fault::kInput);
      EXPECT_EQ(std::string(e.what()), path.string() + ": " + problem);
    }
  }
  TempFolder folder_;
};

TEST_F(BadPaths, missing_files_folders_and_devices) {
  expect_refused(folder_ / "none.ply", "cannot be opened: No such file or directory");
  expect_refused(folder_.path(), "is a directory, expected a PLY, PCD, LAS or LAZ file");
  expect_refused("/dev/zero", "is not a regular file, expected a PLY, PCD, LAS or LAZ file");
  put(folder_ / "empty.ply", "");
  expect_refused(folder_ / "empty.ply", "is empty, expected a PLY, PCD, LAS or LAZ file");
}

TEST_F(BadPaths, unreadable_file) {
  put(folder_ / "a.ply", "ply\n");
  ::chmod((folder_ / "a.ply").c_str(), 0);
  const ::uid_t user = ::geteuid();
  constexpr ::uid_t kNobody = 65534;  // root reads everything
  ASSERT_EQ(::seteuid(user == 0 ? kNobody : user), 0);
  expect_refused(folder_ / "a.ply", "cannot be opened: Permission denied");
  ASSERT_EQ(::seteuid(user), 0);
}

/// Bytes that this process has read from files so far.
std::uint64_t bytes_read() {
  std::ifstream counters("/proc/self/io");
  std::string name;
  std::uint64_t bytes = 0;
  EXPECT_TRUE(counters >> name >> bytes && name == "rchar:") << "/proc/self/io is no table of I/O";
  return bytes;
}

TEST_F(BadPaths, a_large_sparse_file_is_looked_at_not_read) {
  // More than the memory limit, nothing in the lower 32 bits, and no blocks on the disk.
  constexpr std::uintmax_t kMore = 4ULL << 30;
  constexpr std::uint64_t kLook = 8U << 20;
  const MemoryLimit limit;
  const auto path = folder_ / "sparse.ply";
  const std::uint64_t before = bytes_read();
  for (const std::string format : {"ascii", "binary_little_endian"}) {
    put(path, "ply\nformat " + format + " 1.0\nelement vertex 1\nproperty char c\nend_header\n7\n");
    EXPECT_TRUE(read_cloud(path).metadata().notes.empty());
    std::filesystem::resize_file(path, std::filesystem::file_size(path) + kMore);
    EXPECT_EQ(read_cloud(path).metadata().notes.size(), format == "ascii" ? 0U : 1U);
  }
  put(path, "");
  std::filesystem::resize_file(path, kMore);
  expect_refused(path,
                 "holds nothing but zeros where its header should be, the copy may be incomplete");
  EXPECT_LT(bytes_read() - before, kLook);
}

TEST_F(BadPaths, the_content_decides_the_format_when_reading_the_name_when_writing) {
  PointCloud cloud(1);
  cloud.add("x", FieldType::kFloat32);
  write_cloud(folder_ / "a.ply", cloud);
  std::filesystem::rename(folder_ / "a.ply", folder_ / "a.pcd");
  EXPECT_TRUE(identical(read_cloud(folder_ / "a.pcd"), cloud));
  const auto fault = [&](const char* name, Encoding encoding) {
    try {
      write_cloud(folder_ / name, cloud, encoding);
    } catch (const Error& e) {
      return e.fault();
    }
    return Fault::kModel;  // none
  };
  EXPECT_EQ(fault("a.xyz", Encoding::kBinary), Fault::kUsage);
  EXPECT_EQ(fault("a.ply", Encoding::kBinaryCompressed), Fault::kUsage);
  EXPECT_EQ(fault("a.pcd", Encoding::kBinaryBigEndian), Fault::kUsage);
  EXPECT_EQ(fault("none/a.ply", Encoding::kBinary), Fault::kInput);
  EXPECT_EQ(fault("B.PLY", Encoding::kBinary), Fault::kModel);
}

TEST_F(BadPaths, what_a_format_cannot_hold_is_known_before_writing) {
  PointCloud cloud(1);
  cloud.add("two words", FieldType::kInt64);
  cloud.metadata().elements.push_back({.name = "face", .items = 1});
  const auto refused = [&](const char* name, Encoding encoding) {
    try {
      check_format(folder_ / name, cloud, encoding);
    } catch (const Error&) {
      return true;
    }
    return false;
  };
  EXPECT_TRUE(refused("a.ply", Encoding::kBinary)) << "a name of two words";
  EXPECT_TRUE(refused("a.pcd", Encoding::kBinary)) << "a face";
  cloud.metadata().elements.clear();
  EXPECT_TRUE(refused("a.pcd", Encoding::kBinary)) << "a name of two words";
  cloud.fields().front().rename("x");
  EXPECT_FALSE(refused("a.pcd", Encoding::kBinary));
  EXPECT_TRUE(refused("a.pcd", Encoding::kBinaryBigEndian));
  EXPECT_TRUE(refused("a.xyz", Encoding::kBinary));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(BadPaths, colours_follow_the_name) {
  EXPECT_EQ(color_layout_of("a.ply"), ColorLayout::kChannels);
  EXPECT_EQ(color_layout_of("a.PCD"), ColorLayout::kPacked);
}

TEST_F(BadPaths, cloud_extensions) {
  for (const char* name : {"a.ply", "b/c.PCD", "x.y.Ply", "a.ply.gz", "a.laz.GZ"}) {
    EXPECT_TRUE(has_cloud_extension(name)) << name;
  }
  for (const char* name : {"ply", ".ply", "a.gz", "a.png.gz", "a", "a.plyx", ""}) {
    EXPECT_FALSE(has_cloud_extension(name)) << name;
  }
}

}  // namespace
}  // namespace ptattn::test
