// Uses arbitrary bytes as a model folder: loads it and, where that works, lets it have a small
// cloud.
//
// An input is the text of a config.json and, behind a NUL, changes to weights that fit the seed of
// its architecture in corpus/model_folder (four bytes each). There must be a seed for every
// architecture that the registries know.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "negotiated_weights.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/models/registry.hpp"
#include "ptattn/tasks/classify/classify.hpp"
#include "ptattn/tasks/inspect/layer_features.hpp"
#include "ptattn/tasks/segment/segment.hpp"
#include "scratch.hpp"

namespace {

using namespace ptattn;

constexpr std::size_t kPoints = 64;
constexpr std::size_t kMaxTile = 4096;  // voxels

/// The weights file of each architecture's seed.
const std::map<std::string, std::string>& seeds() {
  static const std::map<std::string, std::string> kSeeds = [] {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(PTATTN_FUZZ_CORPUS)) {
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string text{std::istreambuf_iterator<char>(file), {}};
      const auto config = nlohmann::json::parse(text, nullptr, false);
      if (!config.is_object()) continue;  // a config that is broken, or has changes behind it
      const std::string architecture = config.at("architecture");
      if (entry.path().stem() == architecture) {
        files[architecture] = fuzz::NegotiatedWeights(text).file();
      }
    }
    std::vector<std::string> known = architectures_of(ModelTask::kClassification);
    for (const std::string& name : architectures_of(ModelTask::kPoints)) known.push_back(name);
    for (const std::string& name : known) {
      if (files.contains(name)) continue;
      std::fprintf(stderr, "no seed corpus/model_folder/%s.json\n", name.c_str());
      std::abort();
    }
    return files;
  }();
  return kSeeds;
}

const PointCloud& small_cloud() {
  static const PointCloud kCloud = [] {
    PointCloud cloud(kPoints);
    Random random(1);
    for (const char* name :
         {"x", "y", "z", "red", "green", "blue", "normal_x", "normal_y", "normal_z", "intensity"}) {
      for (float& value : cloud.add(name, FieldType::kFloat32).values<float>()) {
        value = static_cast<float>(random.uniform());
      }
    }
    return cloud;
  }();
  return kCloud;
}

/// One change: where (of 2^16 parts of the file), what.
void change(std::string& weights, std::string_view edit) {
  constexpr std::array kFloats{std::numeric_limits<float>::quiet_NaN(),
                               std::numeric_limits<float>::infinity(),
                               -std::numeric_limits<float>::infinity(),
                               std::numeric_limits<float>::max(),
                               std::numeric_limits<float>::lowest(),
                               std::numeric_limits<float>::denorm_min(),
                               0.0F,
                               -1.0F,
                               1e20F};
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(edit[i]); };
  const std::size_t part = std::size_t{byte(0)} << 8U | byte(1);
  const std::size_t at = weights.size() * part >> 16U;
  switch (byte(2) % 8) {
    case 0:
      weights[at] = edit[3];
      break;
    case 1:
      weights.resize(at);
      break;
    case 2:
      weights.insert(at, byte(3), ' ');
      break;
    default: {
      if (weights.size() < 8) break;
      const float value = kFloats[byte(3) % kFloats.size()];
      std::memcpy(weights.data() + std::min(at / 4 * 4, weights.size() - 4), &value, 4);
      break;
    }
  }
}

void pass(const std::filesystem::path& folder) {
  if (read_model_task(folder) == ModelTask::kClassification) {
    (void)classify(load_classifier(folder), small_cloud(), {});
    return;
  }
  const SegmenterModel model = load_segmenter(folder);
  const auto category =
      model.network->category_count() > 0 ? std::optional<std::size_t>(0) : std::nullopt;
  if (model.network->labels_points()) {
    (void)segment(model, small_cloud(),
                  {.tiling = {.max_tile_voxels = kMaxTile}, .category = category}, {});
    return;
  }
  Remarks remarks;
  for (const LayerDescription& layer : layers_of(model)) {
    if (layer.tokens == 0) continue;
    (void)layer_features(model, layer.name, small_cloud(),
                         {.tiling = {.max_tile_voxels = kMaxTile}, .category = category}, remarks);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const ThreadLimit one(1);
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::string_view config = fuzz::take_part(rest);
  const auto parsed = nlohmann::json::parse(config, nullptr, false);
  const std::string name =
      parsed.is_object() && parsed.contains("architecture") && parsed["architecture"].is_string()
          ? parsed["architecture"].get<std::string>()
          : "";
  const auto seed = seeds().find(name);
  if (seed == seeds().end()) return 0;  // fuzz_config looks at these
  std::string weights = seed->second;
  for (; rest.size() >= 4 && !weights.empty(); rest.remove_prefix(4)) change(weights, rest);
  fuzz::scratch_file("config.json", config);
  fuzz::scratch_file("model.safetensors", weights);
  try {
    pass(fuzz::scratch_folder());
  } catch (const Error& error) {
    if (error.fault() != Fault::kUsage) return 0;
    std::fprintf(stderr, "nobody used anything wrongly: %s\n", error.what());
    std::abort();
  }
  return 0;
}
