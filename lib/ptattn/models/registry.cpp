#include "ptattn/models/registry.hpp"

#include <utility>

#include "ptattn/models/architecture_table.hpp"
#include "ptattn/models/pct/int8.hpp"
#include "ptattn/models/pct/pct.hpp"

namespace ptattn {
namespace {

template <bool kPositionEncoding>
std::unique_ptr<Classifier> make_pct(const ArchitectureConfig& description,
                                     const WeightSource& weights, Precision precision) {
  const PctConfig config =
      read_pct_config(description.hyper_parameters, kPositionEncoding, description.subject);
  PctWeights layers = read_pct_weights(config, weights);
  if (precision == Precision::kInt8) {
    return std::make_unique<PctInt8>(config, PctInt8Weights(std::move(layers)));
  }
  return std::make_unique<Pct>(config, std::move(layers));
}

const ArchitectureTable<Classifier, Precision> kClassifiers = {
    {"pct_cls", make_pct<false>},
    {"pct_cls_posenc", make_pct<true>},
};

}  // namespace

std::vector<std::string> classifier_architectures() {
  return names_of(kClassifiers);
}

std::unique_ptr<Classifier> make_classifier(const ArchitectureConfig& config,
                                            const WeightSource& weights, Precision precision) {
  return make_network(kClassifiers, config, weights, precision);
}

}  // namespace ptattn
