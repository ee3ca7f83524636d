#include "ptattn/models/point_network_registry.hpp"

#include "ptattn/models/architecture_table.hpp"
#include "ptattn/models/ptv1.hpp"

namespace ptattn {
namespace {

std::unique_ptr<PointNetwork> make_ptv1(const ArchitectureConfig& description,
                                        const WeightSource& weights) {
  const Ptv1Config config = read_ptv1_config(description.hyper_parameters, description.subject);
  return std::make_unique<Ptv1>(config, read_ptv1_weights(config, weights));
}

const ArchitectureTable<PointNetwork> kPointNetworks = {
    {"ptv1_seg", make_ptv1},
};

}  // namespace

std::vector<std::string> point_network_architectures() {
  return names_of(kPointNetworks);
}

std::unique_ptr<PointNetwork> make_point_network(const ArchitectureConfig& config,
                                                 const WeightSource& weights) {
  return make_network(kPointNetworks, config, weights);
}

}  // namespace ptattn
