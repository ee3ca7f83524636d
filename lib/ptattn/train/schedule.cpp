#include "ptattn/train/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "ptattn/core/parallel.hpp"

namespace ptattn::train {

double learning_rate(const Schedule& schedule, double progress) {
  constexpr double kFirst = 1e-4;  // a rate of zero would waste the first step
  if (progress < schedule.warmup) {
    return schedule.learning_rate * std::max(progress, kFirst) / schedule.warmup;
  }
  const double share = std::min(1.0, (progress - schedule.warmup) / (1.0 - schedule.warmup));
  return schedule.learning_rate * 0.5 * (1.0 + std::cos(std::numbers::pi * share));
}

void average_weights(std::span<float> average, std::span<const float> weights, double decay,
                     std::size_t step) {
  constexpr std::size_t kValuesPerTask = 16384;
  const auto steps = static_cast<double>(step);
  const auto kept = static_cast<float>(std::min(decay, (1.0 + steps) / (10.0 + steps)));
  parallel_each(average.size(), kValuesPerTask, [&](std::size_t i) {
    average[i] = kept * average[i] + (1.0F - kept) * weights[i];
  });
}

}  // namespace ptattn::train
