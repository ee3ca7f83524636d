#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "ptattn/models/temperature.hpp"
#include "ptattn/models/upright_evidence.hpp"

namespace ptattn {

/// Points of a confidence below this count as unsure.
inline constexpr double kUnsure = 0.7;

/// Holds what validation has found of clouds that a model is made for; beyond it a cloud is
/// unusual.
struct UsualLimits {
  std::optional<double> distance;       ///< largest mean distance (FamiliarFeatures)
  std::optional<double> unsure_share;   ///< largest share of points with a confidence below kUnsure
  std::optional<double> energy;         ///< largest energy of the scores of a whole cloud
  std::optional<double> strangeness{};  ///< largest one of these scores (FamiliarScores)
};

/// Says how far a model's answers can be relied on, as validation has found.
struct Reliability {
  Temperature temperature;            ///< that makes its probabilities right as often as they say
  std::vector<std::size_t> unproven;  ///< classes that were not found, ascending
  UsualLimits usual;
  UprightEvidence upright{};  ///< of classifiers, where they were trained on upright objects

  [[nodiscard]] bool proves(std::size_t class_number) const;
};

}  // namespace ptattn
