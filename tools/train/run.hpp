#pragma once

#include <string>

#include "settings.hpp"

namespace ptattn::tools {

/// The life of ptattn-train after its options are parsed: reads the data, plans, trains, writes the
/// model folder; or prints the plan, or the scores of a model.
/// @param command  as the user typed it, for the model card
/// @return the exit code: 0, or 130 when Ctrl-C ended the run; what it came to is saved then
[[nodiscard]] int run_training(const TrainSettings& settings, const std::string& command);

}  // namespace ptattn::tools
