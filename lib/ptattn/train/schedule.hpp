#pragma once

#include <cstddef>
#include <span>

namespace ptattn::train {

/// Says how the learning rate goes with the progress of a run.
struct Schedule {
  double learning_rate = 2e-3;  ///< the largest
  double warmup = 0.04;         ///< share of the run over which it rises linearly
};

/// Returns the learning rate after `progress` (0 to 1) of the steps or the minutes: a linear rise,
/// then half a cosine down to zero (Loshchilov and Hutter 2017).
[[nodiscard]] double learning_rate(const Schedule& schedule, double progress);

/// Moves averaged weights towards the present ones: a = d a + (1 - d) w, where the decay d is
/// `decay` or, in the first steps, (1 + step) / (10 + step), so that the beginning is forgotten.
/// @param step  steps taken before this one
void average_weights(std::span<float> average, std::span<const float> weights, double decay,
                     std::size_t step);

}  // namespace ptattn::train
