#include "ptattn/models/point_network_registry.hpp"

#include "ptattn/models/architecture_table.hpp"

namespace ptattn {
namespace {

const ArchitectureTable<PointNetwork> kPointNetworks = {};

}  // namespace

std::vector<std::string> point_network_architectures() {
  return names_of(kPointNetworks);
}

std::unique_ptr<PointNetwork> make_point_network(const ArchitectureConfig& config,
                                                 const WeightSource& weights) {
  return make_network(kPointNetworks, config, weights);
}

}  // namespace ptattn
