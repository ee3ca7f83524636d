#include <cstdio>
#include <ptattn/core/error.hpp>
#include <ptattn/io/cloud_io.hpp>
#include <ptattn/models/model_search.hpp>
#include <ptattn/tasks/classify/classify.hpp>

int main(int argc, char** argv) try {
  const auto model = ptattn::load_classifier(ptattn::find_model("pct-modelnet40"));
  for (int i = 1; i < argc; ++i) {
    const auto result = ptattn::classify(model, ptattn::read_cloud(argv[i]));
    const auto best = ptattn::top_classes(result.probabilities, 1).front();
    std::printf("%s: %s\n", argv[i], model.description.classes[best].c_str());
  }
} catch (const ptattn::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return error.exit_code();
}
