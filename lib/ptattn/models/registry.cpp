#include "ptattn/models/registry.hpp"

#include <map>

#include "ptattn/core/error.hpp"
#include "ptattn/models/pct.hpp"

namespace ptattn {
namespace {

using Factory = std::unique_ptr<Classifier> (*)(const ArchitectureConfig&, const WeightSource&);

template <bool kPositionEncoding>
std::unique_ptr<Classifier> make_pct(const ArchitectureConfig& description,
                                     const WeightSource& weights) {
  const PctConfig config =
      read_pct_config(description.hyper_parameters, kPositionEncoding, description.subject);
  return std::make_unique<Pct>(config, read_pct_weights(config, weights));
}

const std::map<std::string, Factory, std::less<>> kClassifiers = {
    {"pct_cls", make_pct<false>},
    {"pct_cls_posenc", make_pct<true>},
};

}  // namespace

std::vector<std::string> classifier_architectures() {
  std::vector<std::string> names;
  names.reserve(kClassifiers.size());
  for (const auto& [name, factory] : kClassifiers) names.push_back(name);
  return names;
}

std::unique_ptr<Classifier> make_classifier(const ArchitectureConfig& config,
                                            const WeightSource& weights) {
  const auto found = kClassifiers.find(config.architecture);
  if (found == kClassifiers.end()) {
    std::string known;
    for (const auto& [name, factory] : kClassifiers) known += (known.empty() ? "" : ", ") + name;
    throw Error(
        Fault::kModel, config.subject,
        "architecture \"" + config.architecture + "\" is unknown, expected one of " + known);
  }
  return found->second(config, weights);
}

}  // namespace ptattn
