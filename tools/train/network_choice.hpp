#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data.hpp"
#include "ptattn/train/model_spec.hpp"
#include "settings.hpp"

namespace ptattn::tools {

/// Returns true when most of the scenes look like land seen from above, in metres.
[[nodiscard]] bool is_aerial(const TrainData& data);

/// Chooses the network, its voxels and its channels: those of `init`, or what the command line and
/// a look at the data say.
/// @param reasons  gets a line for every choice
/// @throws Error(Fault::kUsage) for options that do not fit each other or the data
[[nodiscard]] train::ModelSpec choose_network(const TrainSettings& settings, const TrainData& data,
                                              const std::optional<train::ModelSpec>& init,
                                              std::vector<std::string>& reasons);

}  // namespace ptattn::tools
