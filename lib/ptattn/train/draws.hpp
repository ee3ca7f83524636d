#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <span>

#include "ptattn/core/random.hpp"

namespace ptattn::train {

/// Draws random numbers of the distributions that augmentation needs.
///
/// The seed is a chain of numbers, such as (seed, step, item): what is drawn for an item depends on
/// nothing that was drawn for another one.
class Draws {
 public:
  Draws(std::uint64_t seed, std::uint64_t step, std::uint64_t item)
      : random_(splitmix64_mix(splitmix64_mix(splitmix64_mix(seed) + step) + item)) {}

  /// Draws a number, uniform in [low, high).
  double uniform(double low = 0.0, double high = 1.0) {
    return low + (high - low) * random_.uniform();
  }
  /// Returns a number whose logarithm is uniform; 0 < low <= high.
  double log_uniform(double low, double high) {
    return std::exp(uniform(std::log(low), std::log(high)));
  }
  /// Returns standard normal (Box and Muller 1958).
  double normal() {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - random_.uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * random_.uniform());
  }
  double angle() { return uniform(0.0, 2.0 * std::numbers::pi); }
  bool chance(double probability) { return random_.uniform() < probability; }
  double sign() { return chance(0.5) ? 1.0 : -1.0; }
  /// Draws a number, uniform in {0, ..., bound - 1}; bound > 0.
  std::size_t below(std::size_t bound) { return random_.below(bound); }
  /// Draws a number, uniform in {low, ..., high}.
  std::size_t between(std::size_t low, std::size_t high) { return low + below(high - low + 1); }
  /// Returns an index with probability proportional to its weight; the weights are >= 0, not all 0.
  std::size_t weighted(std::span<const double> weights) {
    double total = 0.0;
    for (const double w : weights) total += w;
    double left = total * random_.uniform();
    std::size_t last = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      if (weights[i] <= 0.0) continue;
      last = i;
      if ((left -= weights[i]) < 0.0) break;
    }
    return last;
  }

 private:
  Random random_;
};

}  // namespace ptattn::train
