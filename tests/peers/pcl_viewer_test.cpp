// What pcl_viewer shows of our clouds: the colour handlers that it offers on its keys 1 to 9, made
// of what PCL's readers give it.

#include <gtest/gtest.h>

#include <memory>
#include <set>

#include <pcl/io/pcd_io.h>
#include <pcl/io/ply_io.h>
#include <pcl/point_types.h>
#include <pcl/visualization/point_cloud_color_handlers.h>

#include "io/random_cloud.hpp"
#include "io/temp_folder.hpp"
#include "labelled_cloud.hpp"

namespace ptattn::test {
namespace {

namespace viewer = pcl::visualization;
using Blob = pcl::PCLPointCloud2;

class PclViewer : public testing::TestWithParam<Container> {
 protected:
  void SetUp() override {
    const std::string path = (folder_ / (std::string("a") + GetParam().extension)).string();
    cloud_ = labelled_cloud(path);
    write_cloud(path, cloud_, GetParam().encoding);
    ASSERT_EQ(GetParam().is_ply() ? pcl::PLYReader().read(path, *read_)
                                  : pcl::PCDReader().read(path, *read_),
              0);
  }
  [[nodiscard]] std::uint32_t label(std::size_t point) const {
    return cloud_.find("label")->values<std::uint32_t>()[point];
  }
  TempFolder folder_;
  PointCloud cloud_;
  std::shared_ptr<Blob> read_ = std::make_shared<Blob>();
};

TEST_P(PclViewer, shows_our_colours) {
  const viewer::PointCloudColorHandlerRGBField<Blob> handler(read_);
  ASSERT_TRUE(handler.isCapable());
  const auto colors = handler.getColor();
  ASSERT_EQ(colors->GetNumberOfTuples(), static_cast<vtkIdType>(kLabelledPoints));
  for (std::size_t i = 0; i < kLabelledPoints; ++i) {
    for (int channel = 0; channel < 3; ++channel) {
      ASSERT_EQ(colors->GetComponent(static_cast<vtkIdType>(i), channel),
                label_color(label(i))[static_cast<std::size_t>(channel)]);
    }
  }
}

TEST_P(PclViewer, gives_every_label_a_colour_of_its_own) {
  const viewer::PointCloudColorHandlerLabelField<Blob> handler(read_);
  ASSERT_TRUE(handler.isCapable());
  const auto colors = handler.getColor();
  ASSERT_EQ(colors->GetNumberOfTuples(), static_cast<vtkIdType>(kLabelledPoints));
  std::set<std::pair<std::uint32_t, std::vector<double>>> pairs;
  std::set<std::vector<double>> distinct;
  for (std::size_t i = 0; i < kLabelledPoints; ++i) {
    const double* color = colors->GetTuple3(static_cast<vtkIdType>(i));
    const std::vector<double> rgb(color, color + 3);
    pairs.emplace(label(i), rgb);
    distinct.insert(rgb);
  }
  EXPECT_EQ(pairs.size(), kLabels);
  EXPECT_EQ(distinct.size(), kLabels);
}

TEST_P(PclViewer, colours_by_confidence) {
  const viewer::PointCloudColorHandlerGenericField<Blob> handler(read_, "confidence");
  ASSERT_TRUE(handler.isCapable());
  const auto values = handler.getColor();
  ASSERT_EQ(values->GetNumberOfTuples(), static_cast<vtkIdType>(kLabelledPoints));
  for (std::size_t i = 0; i < kLabelledPoints; ++i) {
    ASSERT_EQ(static_cast<float>(values->GetComponent(static_cast<vtkIdType>(i), 0)),
              cloud_.find("confidence")->values<float>()[i]);
  }
}

TEST_P(PclViewer, is_a_cloud_of_pcls_labelled_points) {
  pcl::PointCloud<pcl::PointXYZL> points;
  pcl::fromPCLPointCloud2(*read_, points);
  ASSERT_EQ(points.size(), kLabelledPoints);
  for (std::size_t i = 0; i < kLabelledPoints; ++i) ASSERT_EQ(points[i].label, label(i));
}

INSTANTIATE_TEST_SUITE_P(all_encodings, PclViewer, testing::ValuesIn(kContainers),
                         [](const auto& one) { return name_of(one.param); });

}  // namespace
}  // namespace ptattn::test
