#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "../temp_folder.hpp"
#include "las_files.hpp"
#include "ptattn/core/cpu_level.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/io/cloud_io.hpp"

namespace ptattn::test {
namespace {

std::string in_other_format(const std::string& name, const std::string& extension) {
  return name.substr(0, name.rfind('.')) + extension;
}

PointCloud parse(const std::string& bytes, const ReadOptions& options = {}) {
  return parse_cloud(std::as_bytes(std::span(bytes)), "a.laz", options);
}

std::string refusal(const std::string& bytes) {
  try {
    (void)parse(bytes);
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kInput);
    return error.what();
  }
  return "";
}

template <class T>
T get(const std::string& bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

template <class T>
void put(std::string& bytes, std::size_t at, std::type_identity_t<T> value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

std::size_t points_start(const std::string& bytes) {
  return get<std::uint32_t>(bytes, 96);
}

class LazFile : public testing::TestWithParam<std::string> {
 protected:
  [[nodiscard]] std::string rewritten(const PointCloud& cloud, const char* extension) const {
    write_cloud(folder_ / (std::string("out") + extension), cloud);
    return contents(folder_ / (std::string("out") + extension));
  }
  TempFolder folder_;
};

TEST_P(LazFile, holds_the_points_of_its_las_twin) {
  const PointCloud cloud = read_cloud(las_folder() / GetParam());
  EXPECT_EQ(rewritten(cloud, ".las"), contents(las_folder() / in_other_format(GetParam(), ".las")));
}

TEST_P(LazFile, comes_back_from_a_file_of_our_own) {
  const PointCloud cloud = read_cloud(las_folder() / GetParam());
  const PointCloud again = parse(rewritten(cloud, ".laz"));
  EXPECT_TRUE(identical(cloud, again));
}

TEST_P(LazFile, compresses_to_the_bytes_that_other_encoders_make) {
  const std::string theirs = contents(las_folder() / GetParam());
  const std::string ours = rewritten(read_cloud(las_folder() / GetParam()), ".laz");
  EXPECT_EQ(ours.substr(points_start(ours) + 8), theirs.substr(points_start(theirs) + 8));
}

INSTANTIATE_TEST_SUITE_P(fixtures, LazFile, testing::ValuesIn(fixture_names(".laz")));

class OutsideLazFile : public LazFile {};

TEST_P(OutsideLazFile, comes_back_from_a_file_of_our_own) {
  const PointCloud cloud = read_cloud(las_folder() / GetParam());
  EXPECT_TRUE(identical(cloud, parse(rewritten(cloud, ".laz"))));
}

INSTANTIATE_TEST_SUITE_P(outside, OutsideLazFile,
                         testing::Values("outside/simple.laz", "outside/extra.laz",
                                         "outside/1_4_w_evlr.laz"));

TEST(laz, of_real_files_is_what_the_las_twin_is) {
  for (const std::string name : {"outside/simple", "outside/1_4_w_evlr"}) {
    const PointCloud a = read_cloud(las_folder() / (name + ".las"));
    const PointCloud b = read_cloud(las_folder() / (name + ".laz"));
    ASSERT_EQ(a.size(), b.size());
    for (const Field& field : a.fields()) {
      ASSERT_NE(b.find(field.name()), nullptr) << name << " " << field.name();
      EXPECT_TRUE(std::ranges::equal(field.bytes(), b.find(field.name())->bytes()))
          << name << " " << field.name();
    }
  }
}

TEST(laz, is_decoded_alike_on_every_cpu) {
  for (const std::string& name : fixture_names(".laz")) {
    const PointCloud best = read_cloud(las_folder() / name);
    for (const std::string& level : cpu_levels()) {
      limit_cpu_level(level, "test");
      EXPECT_TRUE(identical(read_cloud(las_folder() / name), best)) << name << " " << level;
      lift_cpu_limit();
    }
  }
}

TEST(laz, a_copc_file_is_read_and_says_that_its_index_is_lost) {
  const PointCloud cloud = read_cloud(las_folder() / "outside/simple.copc.laz");
  EXPECT_EQ(cloud.size(), 1065U);
  const LasMetadata& las = *cloud.metadata().las;
  EXPECT_THAT(cloud.metadata().notes,
              testing::ElementsAre(testing::HasSubstr("its index is not kept")));
  EXPECT_TRUE(las.extended_records.empty());
  for (const LasRecord& record : las.records) EXPECT_NE(record.user_id[0], 'c');
}

/// A scan of `points` points in the format of a fixture, with labels that vary little.
PointCloud large_cloud(const std::string& fixture, std::size_t points, std::uint64_t seed) {
  const PointCloud small = read_cloud(las_folder() / fixture);
  PointCloud cloud(points);
  Random random(seed);
  for (const Field& field : small.fields()) {
    Field& to = cloud.add(field.name(), field.type(), field.count());
    const std::size_t step = field.bytes_per_point();
    for (std::size_t i = 0; i < points; ++i) {
      const std::size_t from = random.below(4) == 0 ? random.below(small.size()) : i % small.size();
      std::memcpy(to.bytes().data() + i * step, field.bytes().data() + from * step, step);
    }
  }
  cloud.metadata().las = small.metadata().las;
  return cloud;
}

class LazChunks : public testing::Test {
 protected:
  [[nodiscard]] std::string written(const PointCloud& cloud, const char* name = "a.laz") const {
    write_cloud(folder_ / name, cloud);
    return contents(folder_ / name);
  }
  TempFolder folder_;
};

TEST_F(LazChunks, many_chunks_come_back_with_any_number_of_threads) {
  for (const char* const fixture : {"format3_extra.las", "format8_extra.las", "format10.las"}) {
    const PointCloud cloud = large_cloud(fixture, 120'001, 7);
    std::string one;
    {
      const ThreadLimit limit(1);
      one = written(cloud);
    }
    const std::string many = written(cloud, "b.laz");
    EXPECT_TRUE(one == many) << fixture;
    const PointCloud again = parse(many);
    ASSERT_EQ(again.size(), cloud.size());
    for (const Field& field : cloud.fields()) {
      EXPECT_TRUE(std::ranges::equal(field.bytes(), again.find(field.name())->bytes()))
          << fixture << " " << field.name();
    }
  }
}

TEST_F(LazChunks, random_attributes_come_back) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    Random random(seed);
    const auto format = random.below(11);
    const std::string name = "format" + std::to_string(format) + "_extra.las";
    PointCloud cloud = large_cloud(name, 1 + random.below(500), seed);
    for (Field& field : cloud.fields()) {
      if (random.below(2) == 0 || field.name().size() == 1 || field.name() == "height") continue;
      const bool packed = field.type() == FieldType::kUInt8 && field.count() == 1;
      for (std::byte& b : field.bytes()) {
        // Two values of one bit are right for every packed attribute.
        b = static_cast<std::byte>(packed ? random.below(2) : random.next() & 0xffU);
      }
    }
    const PointCloud again = parse(written(cloud));
    for (const Field& field : cloud.fields()) {
      EXPECT_TRUE(std::ranges::equal(field.bytes(), again.find(field.name())->bytes()))
          << name << " " << seed << " " << field.name();
    }
  }
}

TEST_F(LazChunks, no_points_make_a_file_that_is_read) {
  const PointCloud cloud = large_cloud("format6.las", 0, 1);
  EXPECT_EQ(parse(written(cloud)).size(), 0U);
  const PointCloud one = large_cloud("format7_extra.las", 1, 1);
  EXPECT_EQ(parse(written(one)).size(), 1U);
}

TEST_F(LazChunks, points_that_are_all_alike_are_read_though_they_take_next_to_nothing) {
  PointCloud cloud = large_cloud("format6.las", 200'000, 1);
  for (Field& field : cloud.fields()) {
    const std::size_t step = field.bytes_per_point();
    for (std::size_t i = 1; i < cloud.size(); ++i) {
      std::memcpy(field.bytes().data() + i * step, field.bytes().data(), step);
    }
  }
  const std::string bytes = written(cloud);
  EXPECT_LT(bytes.size(), cloud.size() / 64);
  EXPECT_EQ(parse(bytes).size(), cloud.size());
}

/// The chunk table's place put to 0, as a writer leaves it that was interrupted.
std::string without_table(std::string bytes) {
  const std::size_t start = points_start(bytes);
  const auto table = get<std::uint64_t>(bytes, start);
  put<std::uint64_t>(bytes, start, 0);
  bytes.resize(table);
  return bytes;
}

TEST_F(LazChunks, a_missing_table_is_made_up_for) {
  for (const char* const fixture : {"format1.las", "format7_extra.las"}) {
    const PointCloud cloud = large_cloud(fixture, 110'000, 3);
    const PointCloud again = parse(without_table(written(cloud)));
    ASSERT_EQ(again.size(), cloud.size());
    for (const Field& field : cloud.fields()) {
      EXPECT_TRUE(std::ranges::equal(field.bytes(), again.find(field.name())->bytes()));
    }
  }
}

TEST_F(LazChunks, a_table_at_the_end_is_found) {
  const PointCloud cloud = large_cloud("format1.las", 110'000, 3);
  std::string bytes = written(cloud);
  const std::size_t start = points_start(bytes);
  const std::string place = bytes.substr(start, 8);
  put<std::int64_t>(bytes, start, -1);
  EXPECT_EQ(parse(bytes + place).size(), cloud.size());
}

TEST_F(LazChunks, truncated_files_are_refused_and_salvaged_to_the_last_whole_point) {
  for (const char* const fixture : {"format3.las", "format7_extra.las"}) {
    const PointCloud cloud = large_cloud(fixture, 110'000, 5);
    const std::string whole = written(cloud);
    for (const double share : {0.2, 0.5, 0.97}) {
      const std::string part =
          whole.substr(0, static_cast<std::size_t>(share * static_cast<double>(whole.size())));
      EXPECT_THAT(refusal(part), testing::HasSubstr("truncated")) << fixture;
      const PointCloud saved = parse(part, {.salvage = true});
      EXPECT_LT(saved.size(), cloud.size());
      if (share > 0.5) {
        EXPECT_GE(saved.size(), 100'000U) << fixture;
      }
      for (const Field& field : saved.fields()) {
        const auto bytes = cloud.find(field.name())->bytes().first(field.bytes().size());
        EXPECT_TRUE(std::ranges::equal(field.bytes(), bytes)) << fixture << " " << field.name();
      }
      EXPECT_EQ(saved.metadata().notes.size(), 1U);
    }
  }
}

TEST_F(LazChunks, a_description_of_the_compression_in_a_plain_file_gives_way_to_the_right_one) {
  PointCloud cloud = read_cloud(las_folder() / "format0_extra.las");
  const std::string laz = contents(las_folder() / "format3.laz");
  LasRecord stale;
  const std::string_view user = "laszip encoded";
  std::ranges::copy(user, stale.user_id.begin());
  stale.record_id = 22204;
  const auto data = std::as_bytes(std::span(laz)).subspan(laz.find(user) - 2 + 54, 34 + 3 * 6);
  stale.data.assign(data.begin(), data.end());
  auto las = std::make_shared<LasMetadata>(*cloud.metadata().las);
  las->records.push_back(stale);
  cloud.metadata().las = las;
  const PointCloud again = parse(written(cloud));
  ASSERT_EQ(again.size(), cloud.size());
  for (const Field& field : cloud.fields()) {
    EXPECT_TRUE(std::ranges::equal(field.bytes(), again.find(field.name())->bytes()))
        << field.name();
  }
}

TEST_F(LazChunks, descriptions_that_lie_are_refused) {
  const std::string whole = contents(las_folder() / "format7.laz");
  const std::size_t at = whole.find("laszip encoded") - 2 + 54;
  const auto with = [&](std::size_t offset, std::uint16_t value) {
    std::string bytes = whole;
    put<std::uint16_t>(bytes, at + offset, value);
    return refusal(bytes);
  };
  EXPECT_THAT(with(0, 9), testing::HasSubstr("compressed in an unknown way"));
  EXPECT_THAT(with(2, 1), testing::HasSubstr("compressed in an unknown way"));
  EXPECT_THAT(with(32, 900), testing::HasSubstr("description of the compression is too short"));
  EXPECT_THAT(with(34, 5), testing::HasSubstr("an unknown item"));
  EXPECT_THAT(with(36, 29), testing::HasSubstr("an unknown item"));
  EXPECT_THAT(with(40, 12), testing::HasSubstr("an unknown item"));
  std::string nothing = whole;
  nothing[at - 52] = 'X';
  EXPECT_THAT(refusal(nothing), testing::HasSubstr("does not say how"));
}

TEST_F(LazChunks, claims_of_too_many_points_take_no_memory) {
  for (const char* const name : {"format1.laz", "format7.laz"}) {
    std::string bytes = contents(las_folder() / name);
    put<std::uint32_t>(bytes, 107, 4'000'000'000U);
    if (get<std::uint8_t>(bytes, 25) == 4) put<std::uint64_t>(bytes, 247, 1ULL << 50U);
    const std::size_t chunk_points = bytes.find("laszip encoded") - 2 + 54 + 12;
    put<std::uint32_t>(bytes, chunk_points, UINT32_MAX - 1);
    EXPECT_THAT(refusal(bytes), testing::HasSubstr("truncated"));
  }
}

TEST_F(LazChunks, damaged_bytes_give_points_or_one_line) {
  for (const char* const name : {"format5_extra.laz", "format10_extra.laz"}) {
    const std::string whole = contents(las_folder() / name);
    Random random(11);
    for (int i = 0; i < 400; ++i) {
      std::string bytes = whole;
      const std::size_t start = points_start(bytes);
      for (int k = 0; k < 3; ++k) {
        bytes[start + random.below(bytes.size() - start)] = static_cast<char>(random.next());
      }
      try {
        (void)parse(bytes, {.salvage = i % 2 == 0});
      } catch (const Error& error) {
        EXPECT_EQ(error.fault(), Fault::kInput);
      }
    }
  }
}

}  // namespace
}  // namespace ptattn::test
