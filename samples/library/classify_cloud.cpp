// Names the object in a cloud: classify_cloud FILE [MODEL]

#include <cstdio>
#include <ptattn/core/error.hpp>
#include <ptattn/io/cloud_io.hpp>
#include <ptattn/models/model_search.hpp>
#include <ptattn/tasks/classify/classify.hpp>

int main(int argc, char** argv) try {
  if (argc < 2) {
    std::fprintf(stderr, "usage: classify_cloud FILE [MODEL]\n");
    return 2;
  }
  // A model is a folder. Its name is looked up where models are installed.
  const auto model =
      ptattn::load_classifier(ptattn::find_model(argc > 2 ? argv[2] : "pct-modelnet40"));
  const ptattn::PointCloud cloud = ptattn::read_cloud(argv[1]);

  // Three votes see different samples of the points, turned about the vertical; the axis that
  // points up is found by trying all three.
  const ptattn::ClassifyOptions options{.votes = 3, .up = std::nullopt};
  const auto result = ptattn::classify(model, cloud, options);

  std::printf("%s: %zu points\n", argv[1], cloud.size());
  for (const std::size_t i : ptattn::top_classes(result.probabilities, 3)) {
    std::printf("%-10s %5.1f %%\n", model.description.classes[i].c_str(),
                100.0 * result.probabilities[i]);
  }
} catch (const ptattn::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());  // one line, subject first
  return error.exit_code();
}
