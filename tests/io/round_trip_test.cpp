#include <gtest/gtest.h>

#include "ptattn/core/parallel.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "random_cloud.hpp"
#include "temp_folder.hpp"

namespace ptattn::test {
namespace {

class RoundTrip : public testing::TestWithParam<Container> {
 protected:
  TempFolder folder_;
};

TEST_P(RoundTrip, any_schema_comes_back_bit_for_bit) {
  const auto path = folder_ / (std::string("cloud") + GetParam().extension);
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    const PointCloud cloud = random_cloud(seed, GetParam());
    write_cloud(path, cloud, GetParam().encoding);
    EXPECT_TRUE(identical(read_cloud(path), cloud)) << "seed " << seed;
  }
}

TEST_P(RoundTrip, same_bytes_for_any_thread_count) {
  Random random(5);
  PointCloud cloud(60000);  // several blocks
  for (const char* name : {"x", "y", "z"}) cloud.add(name, FieldType::kFloat32);
  cloud.add("normal", FieldType::kFloat64, 3);
  cloud.add("tag", FieldType::kUInt8);
  for (Field& field : cloud.fields()) fill_random(random, field.type(), field.bytes(), true);
  std::string expected;
  for (const int threads : {1, 2, 8}) {
    const ThreadLimit limit(threads);
    const auto path = folder_ / (std::to_string(threads) + GetParam().extension);
    write_cloud(path, cloud, GetParam().encoding);
    if (threads == 1) expected = contents(path);
    EXPECT_EQ(contents(path), expected) << threads << " threads";
    EXPECT_TRUE(identical(read_cloud(path), cloud)) << threads << " threads";
  }
}

TEST_P(RoundTrip, points_without_fields_are_refused) {
  const auto path = folder_ / (std::string("cloud") + GetParam().extension);
  EXPECT_ANY_THROW(write_cloud(path, PointCloud(3), GetParam().encoding));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
  write_cloud(path, PointCloud(), GetParam().encoding);
  EXPECT_TRUE(identical(read_cloud(path), PointCloud()));
}

INSTANTIATE_TEST_SUITE_P(all_encodings, RoundTrip, testing::ValuesIn(kContainers),
                         [](const auto& one) { return name_of(one.param); });

}  // namespace
}  // namespace ptattn::test
