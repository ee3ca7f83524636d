#pragma once

#include <functional>
#include <string>

#include "ptattn/models/files/json_reader.hpp"
#include "ptattn/models/ptv3/config.hpp"

namespace ptattn {

/// Reads the hyper-parameters of a network with the stages of Point Transformer V3, as
/// read_ptv3_config does.
/// @param config     gives the defaults
/// @param read_more  reads the keys of a network's own once the stages are known
/// @throws Error(Fault::kModel)
[[nodiscard]] Ptv3Config read_config_of_stages(
    const std::string& hyper_parameters, const std::string& subject, Ptv3Config config,
    const std::function<void(JsonObject& json, Ptv3Config& config)>& read_more = {});

}  // namespace ptattn
