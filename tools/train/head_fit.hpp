#pragma once

#include <string>

#include "data.hpp"
#include "plan.hpp"
#include "settings.hpp"

namespace ptattn::tools {

/// Fits the head of the model that --init names to the labels of the data, and writes the model
/// with its card: for few labels, in seconds. Measures it where clouds are held out.
/// @throws Error(Fault::kModel) where the network gives no features for a head
int fit_head(const TrainSettings& settings, TrainPlan plan, TrainData data,
             const std::string& command);

}  // namespace ptattn::tools
