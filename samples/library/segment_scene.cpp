// Labels every point of a scene: segment_scene IN OUT [MODEL]

#include <algorithm>
#include <cstdio>
#include <ptattn/core/error.hpp>
#include <ptattn/io/cloud_io.hpp>
#include <ptattn/models/model_search.hpp>
#include <ptattn/tasks/segment/segment.hpp>
#include <vector>

int main(int argc, char** argv) try {
  if (argc < 3) {
    std::fprintf(stderr, "usage: segment_scene IN OUT [MODEL]\n");
    return 2;
  }
  const auto model = ptattn::load_segmenter(ptattn::find_model(argc > 3 ? argv[3] : "aerial"));
  ptattn::PointCloud cloud = ptattn::read_cloud(argv[1]);
  const ptattn::Segmentation result = ptattn::segment(model, cloud);

  // New fields stand beside the old ones; the writer makes extra bytes of them in a LAS file.
  std::ranges::copy(result.labels,
                    cloud.add("label", ptattn::FieldType::kUInt32).values<std::uint32_t>().begin());
  ptattn::Field& confidence = cloud.add("confidence", ptattn::FieldType::kFloat32);
  confidence.set_step(1e-4);  // LAS counts in it, with 16 bits
  std::ranges::copy(result.confidence, confidence.values<float>().begin());
  ptattn::write_cloud(argv[2], cloud);

  std::vector<std::size_t> points(model.description.classes.size());
  for (const std::uint32_t label : result.labels) ++points[label];
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (points[i] == 0) continue;
    std::printf("%-12s %8zu points\n", model.description.classes[i].c_str(), points[i]);
  }
  std::printf("wrote %s\n", argv[2]);
} catch (const ptattn::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return error.exit_code();
}
