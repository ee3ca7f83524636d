#pragma once

#include <string>

#include "plan.hpp"

namespace ptattn::tools {

/// Puts a plan into words: data, classes with their points, network, augmentation, length.
[[nodiscard]] std::string plan_text(const TrainPlan& plan, const TrainData& data,
                                    const TrainSettings& settings);

}  // namespace ptattn::tools
