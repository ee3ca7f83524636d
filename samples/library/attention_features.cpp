// Describes the surroundings of every point by attention without learnt weights:
// attention_features FILE

#include <cstdio>
#include <ptattn/cloud/columns.hpp>
#include <ptattn/cloud/normalize.hpp>
#include <ptattn/core/error.hpp>
#include <ptattn/io/cloud_io.hpp>
#include <ptattn/tasks/features/attention_features.hpp>
#include <string>
#include <vector>

int main(int argc, char** argv) try {
  if (argc < 2) {
    std::fprintf(stderr, "usage: attention_features FILE\n");
    return 2;
  }
  const ptattn::PointCloud cloud = ptattn::read_cloud(argv[1]);
  auto positions = cloud.positions();
  const std::vector<std::size_t> points = ptattn::keep_finite(positions);  // holes take no part

  // What a point attends with: its coordinates. Any other field may be named as well.
  const std::vector<std::string> inputs{"xyz"};
  const auto columns = ptattn::select_columns(cloud, inputs);
  const ptattn::AttentionFeatureOptions options{.neighbors = 64};
  const auto features = ptattn::attention_features(positions, columns, points, options);
  const auto names = ptattn::attention_feature_names(columns, options);

  std::printf("%zu points, %zu features each, seen through a window of %.4f\n",
              features.values.rows(), features.values.cols(), features.bandwidth);
  for (std::size_t c = 0; c < names.size(); ++c) {
    double sum = 0.0;
    for (std::size_t i = 0; i < points.size(); ++i) sum += features.values.view()(i, c);
    std::printf("%-14s mean %8.4f\n", names[c].c_str(), sum / static_cast<double>(points.size()));
  }
} catch (const ptattn::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return error.exit_code();
}
