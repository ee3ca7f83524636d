#include "ptattn/models/model_config.hpp"

#include <set>

#include "ptattn/core/byte_order_mark.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/models/files/model_file.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kFormat = 1;
constexpr std::size_t kMaxNames = 100'000;
constexpr std::size_t kMaxConfigBytes = 16U << 20U;

std::string read_text(const std::filesystem::path& path) {
  const ModelFile file(path);
  if (file.size() > kMaxConfigBytes) {
    throw Error(Fault::kModel, path.string(), "is larger than 16 MiB");
  }
  return file.head(file.size());
}

}  // namespace

ModelConfig read_model_config(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "config.json";
  const std::string text = read_text(path);
  ModelConfig config{path.string(), parse_json(without_byte_order_mark(text), path.string())};
  JsonObject json(config.json.root(), "", config.subject);
  const std::size_t format = json.integer("format", {1, 1'000'000});
  if (format > kFormat) {
    json.fail("format", "is " + std::to_string(format) +
                            ", which needs a later version of ptattn, expected at most " +
                            std::to_string(kFormat));
  }
  return config;
}

std::vector<std::string> read_names(JsonObject& json, const std::string& key) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const nlohmann::json& item : json.array(key, kMaxNames)) {
    if (!item.is_string() || item.get<std::string>().empty())
      json.fail(key, "is not made of names");
    names.push_back(item.get<std::string>());
    if (!seen.insert(names.back()).second) json.fail(key, "names \"" + names.back() + "\" twice");
  }
  return names;
}

void check_class_count(std::size_t named, std::size_t network, const std::string& subject) {
  if (named == network) return;
  throw Error(
      Fault::kModel, subject,
      "names " + std::to_string(named) + " classes, the network has " + std::to_string(network));
}

}  // namespace ptattn
