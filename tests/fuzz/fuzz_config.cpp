// Reads arbitrary bytes as the config.json of a model: what it describes, and the hyper-parameters
// of its network, built without any weights (an Error that names all that are missing).

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/models/registry.hpp"
#include "scratch.hpp"

namespace {

using namespace ptattn;

class NoWeights final : public WeightSource {
 public:
  [[nodiscard]] std::vector<std::string> names() const override { return {}; }
  [[nodiscard]] const std::vector<std::size_t>* shape(std::string_view /*name*/) const override {
    return nullptr;
  }
  [[nodiscard]] std::vector<float> values(std::string_view /*name*/) const override { return {}; }
  [[nodiscard]] std::string subject() const override { return "weights"; }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const ThreadLimit one(1);
  const NoWeights none;
  try {
    fuzz::scratch_file("config.json", {reinterpret_cast<const char*>(data), size});
    const auto& folder = fuzz::scratch_folder();
    if (read_model_task(folder) == ModelTask::kPoints) {
      (void)make_point_network(read_segmenter_description(folder).architecture, none);
    } else {
      (void)make_classifier(read_classifier_description(folder).architecture, none);
    }
    std::abort();  // no network does without weights
  } catch (const Error& error) {
    if (error.fault() != Fault::kModel) std::abort();
  }
  return 0;
}
