#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ptattn/models/files/weights.hpp"
#include "ptattn/models/point_network.hpp"
#include "ptattn/models/registry.hpp"

namespace ptattn {

/// Architectures that make_point_network knows, sorted.
[[nodiscard]] std::vector<std::string> point_network_architectures();

/// Builds the network that `config` describes with the values of `weights`; as make_classifier.
/// @throws Error(Fault::kModel) when the architecture is unknown, a hyper-parameter is unknown or
///         out of range, or the weights do not fit: all missing, extra and misshapen tensors are
///         named in one line
[[nodiscard]] std::unique_ptr<PointNetwork> make_point_network(const ArchitectureConfig& config,
                                                               const WeightSource& weights);

}  // namespace ptattn
