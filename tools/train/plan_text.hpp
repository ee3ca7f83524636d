#pragma once

#include <string>

#include "plan.hpp"

namespace ptattn::tools {

/// Returns a length such as "60 minutes", "1.2 minutes" or "1 minute".
[[nodiscard]] std::string minutes_text(double minutes);

/// Puts a plan into words: data, classes with their points, network, augmentation, length.
[[nodiscard]] std::string plan_text(const TrainPlan& plan, const TrainData& data,
                                    const TrainSettings& settings);

}  // namespace ptattn::tools
