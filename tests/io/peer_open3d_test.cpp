#include <gtest/gtest.h>

#include <open3d/geometry/PointCloud.h>
#include <open3d/io/PointCloudIO.h>

#include "random_cloud.hpp"
#include "temp_folder.hpp"

// Open3D as a second oracle: it keeps positions, colours and normals, and nothing else.

namespace ptattn::test {
namespace {

class Open3D : public testing::TestWithParam<Container> {
 protected:
  [[nodiscard]] std::string path() const {
    return (folder_ / (std::string("a") + GetParam().extension)).string();
  }
  TempFolder folder_;
};

class Open3DWriter : public Open3D {};

TEST_P(Open3D, reads_what_we_write) {
  constexpr std::size_t kPoints = 500;
  PointCloud cloud(kPoints);
  for (const char* name : {"x", "y", "z"}) {
    Random random(fnv1a64(name));
    for (float& v : cloud.add(name, FieldType::kFloat32).values<float>()) {
      v = static_cast<float>(random.uniform());
    }
  }
  if (GetParam().is_ply()) {
    for (const char* name : {"red", "green", "blue"}) {
      Random random(fnv1a64(name));
      for (std::uint8_t& v : cloud.add(name, FieldType::kUInt8).values<std::uint8_t>()) {
        v = static_cast<std::uint8_t>(random.next());
      }
    }
    cloud.add("extra", FieldType::kInt16);
  }
  write_cloud(path(), cloud, GetParam().encoding);

  open3d::geometry::PointCloud read;
  ASSERT_TRUE(open3d::io::ReadPointCloud(path(), read));
  ASSERT_EQ(read.points_.size(), kPoints);
  const auto positions = cloud.positions();
  for (std::size_t i = 0; i < kPoints; ++i) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      // Open3D takes text for float64 whatever the header says.
      const double theirs = read.points_[i][static_cast<Eigen::Index>(axis)];
      ASSERT_EQ(static_cast<float>(theirs), static_cast<float>(positions[i][axis])) << i;
    }
  }
  ASSERT_EQ(read.HasColors(), GetParam().is_ply());
  for (std::size_t i = 0; i < read.colors_.size(); ++i) {
    ASSERT_EQ(read.colors_[i][0], cloud.find("red")->as_double(i) / 255);
    ASSERT_EQ(read.colors_[i][2], cloud.find("blue")->as_double(i) / 255);
  }
}

TEST_P(Open3DWriter, writes_what_we_read) {
  Random random(8);
  open3d::geometry::PointCloud cloud;
  for (int i = 0; i < 500; ++i) {
    cloud.points_.emplace_back(random.uniform(), random.uniform(), random.uniform());
    cloud.normals_.emplace_back(0, 0, 1);
  }
  const bool compressed = GetParam().encoding == Encoding::kBinaryCompressed;
  ASSERT_TRUE(open3d::io::WritePointCloud(path(), cloud, {GetParam().is_ascii(), compressed}));
  const PointCloud read = read_cloud(path());
  const auto positions = read.positions();
  ASSERT_EQ(positions.size(), 500U);
  // PLY holds its doubles; PCD has float32, and text six digits (ten in a PCD).
  const double tolerance = GetParam().is_ascii() ? 1e-6 : GetParam().is_ply() ? 0.0 : 1e-7;
  for (std::size_t i = 0; i < 500; ++i) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      ASSERT_NEAR(positions[i][axis], cloud.points_[i][static_cast<Eigen::Index>(axis)], tolerance);
    }
    ASSERT_EQ(read.find(GetParam().is_ply() ? "nz" : "normal_z")->as_double(i), 1.0);
  }
}

INSTANTIATE_TEST_SUITE_P(all_encodings, Open3D, testing::ValuesIn(kContainers),
                         [](const auto& one) { return name_of(one.param); });
INSTANTIATE_TEST_SUITE_P(all_encodings, Open3DWriter, testing::ValuesIn(kContainersOfPeers),
                         [](const auto& one) { return name_of(one.param); });

}  // namespace
}  // namespace ptattn::test
