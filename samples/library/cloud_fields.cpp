// Lists the fields of a cloud, adds one, and writes all of them: cloud_fields IN OUT

#include <algorithm>
#include <cstdio>
#include <limits>
#include <ptattn/core/error.hpp>
#include <ptattn/io/cloud_io.hpp>
#include <string>

int main(int argc, char** argv) try {
  if (argc < 3) {
    std::fprintf(stderr, "usage: cloud_fields IN OUT\n");
    return 2;
  }
  ptattn::PointCloud cloud = ptattn::read_cloud(argv[1]);  // PLY, PCD, LAS or LAZ
  std::printf("%zu points\n", cloud.size());

  // Coordinates in float64, whatever the file stores; values of any field as they are.
  const auto positions = cloud.positions();
  double lowest = std::numeric_limits<double>::infinity();
  for (const auto& p : positions) lowest = std::min(lowest, p[2]);
  auto height = cloud.add("above_lowest", ptattn::FieldType::kFloat32).values<float>();
  for (std::size_t i = 0; i < positions.size(); ++i) {
    height[i] = static_cast<float>(positions[i][2] - lowest);
  }
  for (const ptattn::Field& field : cloud.fields()) {
    const std::string values = field.count() == 1 ? "" : " x " + std::to_string(field.count());
    std::printf("  %-20s %s%s\n", field.name().c_str(), std::string(name_of(field.type())).c_str(),
                values.c_str());
  }

  // The ending decides the format. What it cannot hold is refused, nothing is dropped.
  ptattn::write_cloud(argv[2], cloud);
  const ptattn::PointCloud again = ptattn::read_cloud(argv[2]);
  const auto equal = [](const ptattn::Field& a, const ptattn::Field& b) {
    return a.name() == b.name() && a.type() == b.type() && std::ranges::equal(a.bytes(), b.bytes());
  };
  const bool same = std::ranges::equal(cloud.fields(), again.fields(), equal);
  std::printf("wrote %s, read back: %s\n", argv[2], same ? "the same" : "other fields");
} catch (const ptattn::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return error.exit_code();
}
