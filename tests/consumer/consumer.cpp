// The program that the README shows: names the cloud of its first argument.
#include <cstdio>
#include <exception>

#include "ptattn/io/cloud_io.hpp"
#include "ptattn/models/model_search.hpp"
#include "ptattn/tasks/classify.hpp"

int main(int argc, char** argv) {
  try {
    const auto model = ptattn::load_classifier(ptattn::find_model("pct-modelnet40"));
    for (int i = 1; i < argc; ++i) {
      const ptattn::PointCloud cloud = ptattn::read_cloud(argv[i]);
      const auto result = ptattn::classify(model, cloud, argv[i]);
      const auto best = ptattn::top_classes(result.probabilities, 1).front();
      std::printf("%s: %s (%.1f %%)\n", argv[i], model.description.classes[best].c_str(),
                  100.0 * result.probabilities[best]);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
