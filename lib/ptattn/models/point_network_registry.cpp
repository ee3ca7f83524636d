#include "ptattn/models/point_network_registry.hpp"

#include <utility>

#include "ptattn/models/architecture_table.hpp"
#include "ptattn/models/pct/spct.hpp"
#include "ptattn/models/ptv1/ptv1.hpp"
#include "ptattn/models/ptv3/ptv3.hpp"

namespace ptattn {
namespace {

std::unique_ptr<PointNetwork> make_ptv1(const ArchitectureConfig& description,
                                        const WeightSource& weights) {
  Ptv1Config config = read_ptv1_config(description.hyper_parameters, description.subject);
  Ptv1Weights layers = read_ptv1_weights(config, weights);
  return std::make_unique<Ptv1>(std::move(config), std::move(layers));
}

template <Ptv3Mode kMode>
std::unique_ptr<PointNetwork> make_ptv3(const ArchitectureConfig& description,
                                        const WeightSource& weights) {
  Ptv3Config config = read_ptv3_config(description.hyper_parameters, kMode, description.subject);
  auto layers = std::make_shared<const Ptv3Weights>(read_ptv3_weights(config, weights));
  return std::make_unique<Ptv3>(std::move(config), std::move(layers));
}

std::unique_ptr<PointNetwork> make_spct(const ArchitectureConfig& description,
                                        const WeightSource& weights) {
  const SpctConfig config = read_spct_config(description.hyper_parameters, description.subject);
  return std::make_unique<Spct>(config, read_spct_weights(config, weights));
}

const ArchitectureTable<PointNetwork> kPointNetworks = {
    {"ptv1_seg", make_ptv1},
    {"spct_partseg", make_spct},
    {"ptv3m1", make_ptv3<Ptv3Mode::kBase>},
    {"ptv3m2", make_ptv3<Ptv3Mode::kSonata>},
    {"ptv3m3", make_ptv3<Ptv3Mode::kUtonia>},
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
