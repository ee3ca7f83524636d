// Sweeps of spinning scanners: records of float32 without a header.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "parse_text.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/io/bin_reader.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "temp_folder.hpp"

namespace ptattn::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Records = std::vector<std::vector<float>>;

std::string bytes_of(const Records& records) {
  std::string bytes;
  for (const std::vector<float>& record : records) {
    for (const float value : record) {
      char four[4];
      std::memcpy(four, &value, sizeof four);  // tests run on little endian machines
      bytes.append(four, sizeof four);
    }
  }
  return bytes;
}

const Records kKitti{{12.5F, -3, 0.5F, 0.25F}, {13, -2.5F, -0.5F, 0}, {-40, 7, 1, 0.99F}};
const Records kNuscenes{{-3, 1, -2, 4, 0}, {-5, 2, -1, 255, 31}, {8, 3, 0, 17, 5}, {9, 4, 0, 0, 1}};

class Bin : public testing::Test {
 protected:
  [[nodiscard]] PointCloud read(const Records& records, const ReadOptions& options = {}) const {
    put(folder_ / "sweep.bin", bytes_of(records));
    return read_cloud(folder_ / "sweep.bin", options);
  }
  [[nodiscard]] std::string refusal(const std::string& bytes,
                                    const std::vector<std::string>& columns = {}) const {
    put(folder_ / "sweep.bin", bytes);
    try {
      (void)read_cloud(folder_ / "sweep.bin", {.bin_columns = columns});
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::kInput);
      return error.what();
    }
    return "";
  }

  TempFolder folder_;
};

TEST_F(Bin, four_numbers_are_a_point_with_its_intensity) {
  const PointCloud cloud = read(kKitti);
  ASSERT_EQ(cloud.fields().size(), 4U);
  EXPECT_THAT(values<float>(cloud, "x"), ElementsAre(12.5F, 13, -40));
  EXPECT_THAT(values<float>(cloud, "z"), ElementsAre(0.5F, -0.5F, 1));
  EXPECT_THAT(values<float>(cloud, "intensity"), ElementsAre(0.25F, 0, 0.99F));
  EXPECT_THAT(
      cloud.metadata().notes,
      ElementsAre("read as records of float32: x, y, z, intensity; intensity from 0 to 0.99"));
}

TEST_F(Bin, whole_fifth_numbers_are_rings) {
  const PointCloud cloud = read(kNuscenes);  // 80 bytes: five records of four numbers as well
  EXPECT_THAT(values<float>(cloud, "ring"), ElementsAre(0, 31, 5, 1));
  EXPECT_THAT(values<float>(cloud, "intensity"), ElementsAre(4, 255, 17, 0));
  EXPECT_THAT(cloud.metadata().notes, ElementsAre(HasSubstr("ring; intensity from 0 to 255")));
}

TEST_F(Bin, columns_have_the_names_that_are_given) {
  const PointCloud cloud = read(kNuscenes, {.bin_columns = {"y", "x", "z", "-", "beam"}});
  ASSERT_EQ(cloud.fields().size(), 4U);
  EXPECT_THAT(values<float>(cloud, "y"), ElementsAre(-3, -5, 8, 9));
  EXPECT_THAT(values<float>(cloud, "beam"), ElementsAre(0, 31, 5, 1));
}

TEST_F(Bin, what_fits_nothing_is_refused) {
  const std::string bytes = bytes_of(kKitti);
  EXPECT_THAT(refusal(bytes.substr(1)), HasSubstr("see --bin-columns"));
  EXPECT_THAT(refusal(""), HasSubstr("is empty"));
  Records negative = kKitti;
  negative[1][3] = -1;
  EXPECT_THAT(refusal(bytes_of(negative)), HasSubstr("see --bin-columns"));
  Records infinite = kKitti;
  infinite[2][0] = std::numeric_limits<float>::infinity();
  EXPECT_THAT(refusal(bytes_of(infinite)), HasSubstr("see --bin-columns"));
  EXPECT_THAT(refusal(bytes, {"x", "y", "z", "i", "j"}),
              HasSubstr("has 48 bytes, which is not a whole number of records of 5 float32"));
}

TEST_F(Bin, names_that_make_no_cloud_are_refused) {
  using Names = std::vector<std::string>;
  for (const auto& [names, problem] : {std::pair{Names{"x", "y"}, "lacks z"},
                                       {Names{"x", "y", "z", "x"}, "names x twice"},
                                       {Names{"x", "y", "z", "a b"}, "without blanks"},
                                       {Names{"x", "y", "z", ""}, "names of"}}) {
    try {
      io::check_bin_columns(names);
      ADD_FAILURE() << problem;
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::kUsage);
      EXPECT_THAT(error.what(), HasSubstr(problem));
    }
  }
  EXPECT_NO_THROW(io::check_bin_columns(Names{"-", "x", "-", "y", "z"}));
}

TEST_F(Bin, the_name_decides_only_where_the_content_does_not) {
  const std::string ply =
      "ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nproperty float y\n"
      "property float z\nend_header\n1 2 3\n";
  put(folder_ / "cloud.bin", ply);
  EXPECT_EQ(read_cloud(folder_ / "cloud.bin").size(), 1U);
  put(folder_ / "cloud.dat", bytes_of(kKitti));
  EXPECT_THROW((void)read_cloud(folder_ / "cloud.dat"), Error);
  EXPECT_TRUE(read_comments(folder_ / "cloud.bin").empty());
}

TEST_F(Bin, compressed_files_are_read_as_well) {
  const std::string path = (folder_ / "sweep.BIN.gz").string();
  const std::string bytes = bytes_of(kKitti);
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
  EXPECT_EQ(read_cloud(path).size(), 3U);
}

TEST_F(Bin, large_sweeps_are_the_same_for_any_thread_count) {
  Records records;
  for (int i = 0; i < 40'000; ++i) {
    const auto f = static_cast<float>(i);
    records.push_back({f * 0.01F, -f * 0.02F, 1, f / 50'000});
  }
  const PointCloud all = read(records);
  const ThreadLimit limit(1);
  const PointCloud one = read(records);
  for (const char* const field : {"x", "y", "z", "intensity"}) {
    EXPECT_TRUE(values<float>(all, field) == values<float>(one, field));
  }
  EXPECT_EQ(all.find("x")->as_double(39'999), double{39'999.0F * 0.01F});
}

}  // namespace
}  // namespace ptattn::test
