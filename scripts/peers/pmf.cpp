// Ground by PCL's progressive morphological filter (Zhang et al. 2003, the variant on a grid), at
// PCL's default settings but for the distances that its tutorial uses:
//   pmf POINTS GROUND    float32 x y z in, one byte per point out: 1 ground
//   c++ -O2 scripts/peers/pmf.cpp -o pmf $(pkg-config --cflags --libs pcl_segmentation)

#include <cstdint>
#include <fstream>
#include <iterator>
#include <vector>

#include <pcl/point_types.h>
#include <pcl/segmentation/approximate_progressive_morphological_filter.h>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  std::ifstream in(argv[1], std::ios::binary);
  const pcl::PointCloud<pcl::PointXYZ>::Ptr cloud(new pcl::PointCloud<pcl::PointXYZ>);
  for (float p[3]; in.read(reinterpret_cast<char*>(p), sizeof p);)
    cloud->emplace_back(p[0], p[1], p[2]);
  pcl::ApproximateProgressiveMorphologicalFilter<pcl::PointXYZ> filter;
  filter.setInputCloud(cloud);
  filter.setMaxWindowSize(33);
  filter.setSlope(1.0F);
  filter.setInitialDistance(0.5F);
  filter.setMaxDistance(3.0F);
  pcl::Indices ground;
  filter.extract(ground);
  std::vector<char> flags(cloud->size(), 0);
  for (const auto i : ground) flags[static_cast<std::size_t>(i)] = 1;
  std::ofstream(argv[2], std::ios::binary)
      .write(flags.data(), static_cast<std::streamsize>(flags.size()));
  return 0;
}
