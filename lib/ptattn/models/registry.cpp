#include "ptattn/models/registry.hpp"

#include "ptattn/models/architecture_table.hpp"
#include "ptattn/models/pct.hpp"

namespace ptattn {
namespace {

template <bool kPositionEncoding>
std::unique_ptr<Classifier> make_pct(const ArchitectureConfig& description,
                                     const WeightSource& weights) {
  const PctConfig config =
      read_pct_config(description.hyper_parameters, kPositionEncoding, description.subject);
  return std::make_unique<Pct>(config, read_pct_weights(config, weights));
}

const ArchitectureTable<Classifier> kClassifiers = {
    {"pct_cls", make_pct<false>},
    {"pct_cls_posenc", make_pct<true>},
};

}  // namespace

std::vector<std::string> classifier_architectures() {
  return names_of(kClassifiers);
}

std::unique_ptr<Classifier> make_classifier(const ArchitectureConfig& config,
                                            const WeightSource& weights) {
  return make_network(kClassifiers, config, weights);
}

}  // namespace ptattn
