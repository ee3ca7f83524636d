#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include <pcl/PCLPointCloud2.h>
#include <pcl/conversions.h>
#include <pcl/io/pcd_io.h>
#include <pcl/io/ply_io.h>
#include <pcl/point_types.h>

#include "ptattn/core/error.hpp"
#include "ptattn/io/pcl_convert.hpp"
#include "random_cloud.hpp"
#include "temp_folder.hpp"

// PCL's own readers and writers as oracles: what one side writes, the other reads the same.

namespace ptattn::test {
namespace {

/// `cloud` without what a PCLPointCloud2 has no place for.
PointCloud bare(PointCloud cloud) {
  cloud.metadata() = {};
  return cloud;
}

PointCloud scan(std::size_t width, std::size_t height) {
  Random random(4);
  PointCloud cloud(width, height);
  for (const char* name : {"x", "y", "z"}) {
    for (float& v : cloud.add(name, FieldType::kFloat32).values<float>()) {
      v = static_cast<float>(random.uniform() * 200 - 100);
    }
  }
  cloud.add("ring", FieldType::kUInt16);
  cloud.add("time", FieldType::kFloat64);
  cloud.add("offset", FieldType::kInt32);
  for (std::size_t i = 0; i < cloud.size(); ++i) {
    cloud.find("ring")->values<std::uint16_t>()[i] = static_cast<std::uint16_t>(i * 7919);
    cloud.find("time")->values<double>()[i] = 1.7e9 + random.uniform();
    cloud.find("offset")->values<std::int32_t>()[i] = -static_cast<int>(i);
  }
  return cloud;
}

class Pcl : public testing::TestWithParam<Container> {
 protected:
  [[nodiscard]] std::string path() const {
    return (folder_ / (std::string("a") + GetParam().extension)).string();
  }
  [[nodiscard]] pcl::PCLPointCloud2 read_with_pcl() const {
    pcl::PCLPointCloud2 cloud;
    const int status = GetParam().is_ply() ? pcl::PLYReader().read(path(), cloud)
                                           : pcl::PCDReader().read(path(), cloud);
    EXPECT_EQ(status, 0);
    return cloud;
  }
  void write_with_pcl(const pcl::PCLPointCloud2& cloud, bool camera) const {
    const Eigen::Vector4f origin = Eigen::Vector4f::Zero();
    const Eigen::Quaternionf turn = Eigen::Quaternionf::Identity();
    constexpr int kDigits = 17;
    if (GetParam().is_ply()) {
      pcl::PLYWriter writer;
      if (GetParam().is_ascii())
        writer.writeASCII(path(), cloud, origin, turn, kDigits, camera);
      else
        writer.writeBinary(path(), cloud, origin, turn, camera);
    } else if (GetParam().is_ascii()) {
      pcl::PCDWriter().writeASCII(path(), cloud, origin, turn, kDigits);
    } else if (GetParam().encoding == Encoding::kBinary) {
      pcl::PCDWriter().writeBinary(path(), cloud, origin, turn);
    } else {
      pcl::PCDWriter().writeBinaryCompressed(path(), cloud, origin, turn);
    }
  }
  TempFolder folder_;
};

class PclWriter : public Pcl {};

TEST_P(Pcl, reads_what_we_write) {
  for (const PointCloud& cloud : {scan(1000, 1), scan(32, 16), scan(1, 1)}) {
    write_cloud(path(), cloud, GetParam().encoding);
    EXPECT_TRUE(identical(from_pcl(read_with_pcl(), "pcl"), cloud));
  }
}

TEST_P(Pcl, reads_fields_of_several_values) {
  PointCloud cloud = scan(50, 1);
  for (float& v : cloud.add("fpfh", FieldType::kFloat32, 33).values<float>()) v = 0.25F;
  write_cloud(path(), cloud, GetParam().encoding);
  const pcl::PCLPointCloud2 read = read_with_pcl();
  ASSERT_EQ(read.fields.size(), cloud.fields().size());
  EXPECT_EQ(read.fields.back().count, 33U);
  EXPECT_EQ(read.point_step, 26U + 33 * 4);
}

TEST_P(PclWriter, writes_what_we_read) {
  for (const bool camera : {true, false}) {
    if (GetParam().is_ascii() && !camera)
      continue;  // then PCL writes six digits whatever it is told
    for (const PointCloud& cloud : {scan(1000, 1), scan(32, 16), scan(1, 1)}) {
      write_with_pcl(to_pcl(cloud), camera);
      EXPECT_TRUE(identical(bare(read_cloud(path())), cloud)) << cloud.width() << " " << camera;
    }
  }
}

TEST_P(PclWriter, padded_structs_of_coloured_points) {
  pcl::PointCloud<pcl::PointXYZRGB> points(3, 1);
  for (std::uint8_t i = 0; i < 3; ++i) {
    points[i].x = i + 0.5F;
    points[i].r = static_cast<std::uint8_t>(200 + i);
  }
  pcl::PCLPointCloud2 cloud;
  pcl::toPCLPointCloud2(points, cloud);
  write_with_pcl(cloud, true);
  const PointCloud read = read_cloud(path());
  ASSERT_EQ(read.size(), 3U);
  EXPECT_EQ(read.find("_"), nullptr);
  EXPECT_THAT(read.find("x")->values<float>(), testing::ElementsAre(0.5F, 1.5F, 2.5F));
  if (GetParam().is_ply()) {
    EXPECT_THAT(read.find("red")->values<std::uint8_t>(), testing::ElementsAre(200, 201, 202));
  } else {
    EXPECT_EQ(read.find("rgb")->bytes_per_point(), 4U);  // packed, as it is
  }
}

INSTANTIATE_TEST_SUITE_P(all_encodings, Pcl, testing::ValuesIn(kContainers),
                         [](const auto& one) { return name_of(one.param); });
INSTANTIATE_TEST_SUITE_P(all_encodings, PclWriter, testing::ValuesIn(kContainersOfPeers),
                         [](const auto& one) { return name_of(one.param); });

TEST(pcl_convert, any_schema_there_and_back) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const PointCloud cloud = random_cloud(seed, {".pcd", Encoding::kBinary});
    const pcl::PCLPointCloud2 converted = to_pcl(cloud);
    EXPECT_TRUE(identical(from_pcl(converted, "a"), bare(cloud))) << seed;
    EXPECT_EQ(converted.data.size(), std::size_t{converted.row_step} * converted.height);
  }
}

TEST(pcl_convert, dense_means_finite) {
  PointCloud cloud = scan(3, 1);
  EXPECT_TRUE(to_pcl(cloud).is_dense);
  cloud.find("y")->values<float>()[1] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(to_pcl(cloud).is_dense);
}

TEST(pcl_convert, pcl_understands_the_fields) {
  const PointCloud cloud = scan(20, 1);
  pcl::PointCloud<pcl::PointXYZ> points;
  pcl::fromPCLPointCloud2(to_pcl(cloud), points);
  ASSERT_EQ(points.size(), 20U);
  EXPECT_EQ(points[7].y, cloud.find("y")->values<float>()[7]);
}

TEST(pcl_convert, padded_rows_and_malformed_clouds) {
  pcl::PCLPointCloud2 cloud;
  cloud.width = 2;
  cloud.height = 2;
  cloud.point_step = 3;
  cloud.row_step = 8;
  cloud.fields.resize(2);
  cloud.fields[0].name = "_";
  cloud.fields[1].name = "v";
  cloud.fields[1].offset = 1;
  cloud.fields[1].datatype = pcl::PCLPointField::UINT8;
  cloud.data = {0, 1, 0, 0, 2, 0, 9, 9, 0, 3, 0, 0, 4, 0, 9, 9};
  EXPECT_THAT(from_pcl(cloud, "a").find("v")->values<std::uint8_t>(),
              testing::ElementsAre(1, 2, 3, 4));

  const auto refused = [](pcl::PCLPointCloud2 bad, const auto& change) {
    change(bad);
    try {
      (void)from_pcl(bad, "a");
    } catch (const Error& e) {
      return e.fault() == Fault::kInput;
    }
    return false;
  };
  EXPECT_TRUE(refused(cloud, [](auto& c) { c.data.resize(15); }));
  EXPECT_TRUE(refused(cloud, [](auto& c) { c.fields[1].offset = 3; }));
  EXPECT_TRUE(refused(cloud, [](auto& c) { c.fields[1].count = 3; }));
  EXPECT_TRUE(refused(cloud, [](auto& c) { c.fields[1].datatype = 77; }));
  EXPECT_TRUE(refused(cloud, [](auto& c) { c.row_step = 5; }));
  EXPECT_TRUE(refused(cloud, [](auto& c) { c.height = 4000000000U; }));
}

}  // namespace
}  // namespace ptattn::test
