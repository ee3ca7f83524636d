#include "ptattn/train/trainable_network.hpp"

#include <functional>
#include <map>

#include "ptattn/core/error.hpp"
#include "ptattn/train/pct/pct_trainer.hpp"
#include "ptattn/train/ptv3/ptv3_trainer.hpp"
#include "ptattn/train/volt/volt_trainer.hpp"

namespace ptattn::train {
namespace {

using Factory = std::unique_ptr<TrainableNetwork> (*)(const ArchitectureConfig&,
                                                      const NetworkSettings&);

const std::map<std::string, Factory, std::less<>>& factories() {
  static const std::map<std::string, Factory, std::less<>> kFactories = {
      {"litept", make_litept_trainer},
      {"pct_cls", make_pct_trainer},
      {"ptv3m1", make_ptv3_trainer},
      {"volt", make_volt_trainer},
  };
  return kFactories;
}

}  // namespace

std::vector<std::string> trainable_architectures() {
  std::vector<std::string> names;
  for (const auto& [name, factory] : factories()) names.push_back(name);
  return names;
}

std::unique_ptr<TrainableNetwork> make_trainable_network(const ArchitectureConfig& config,
                                                         const NetworkSettings& settings) {
  if (settings.precision == Precision::kInt8) {
    throw Error(Fault::kUsage, config.subject, "cannot be trained in int8");
  }
  const auto found = factories().find(config.architecture);
  if (found == factories().end()) {
    throw Error(Fault::kModel, config.subject,
                "architecture \"" + config.architecture + "\" cannot be trained");
  }
  return found->second(config, settings);
}

}  // namespace ptattn::train
