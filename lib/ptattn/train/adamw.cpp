#include "ptattn/train/adamw.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"

namespace ptattn::train {
namespace {

constexpr std::size_t kValuesPerTask = 16384;

}  // namespace

AdamW::AdamW(std::vector<ParameterGroup> groups, const AdamWOptions& options)
    : groups_(std::move(groups)), options_(options) {
  std::size_t total = 0;
  for (const ParameterGroup& group : groups_) {
    if (group.values.size() != group.gradients.size()) {
      throw Error(Fault::kUsage, "AdamW", "has a different number of gradients than values");
    }
    total += group.values.size();
  }
  first_.assign(total, 0.0F);
  second_.assign(total, 0.0F);
}

double AdamW::gradient_norm() const {
  double sum = 0.0;
  for (const ParameterGroup& group : groups_) {
    if (group.rate == 0.0) continue;
    sum += deterministic_sum(group.gradients.size(), [&](std::size_t i) {
      const double g = group.gradients[i];
      return g * g;
    });
  }
  return std::sqrt(sum);
}

double AdamW::clip_gradients(double largest) {
  const double norm = gradient_norm();
  if (!(norm > largest)) return norm;
  const auto factor = static_cast<float>(largest / norm);
  for (const ParameterGroup& group : groups_) {
    parallel_each(group.gradients.size(), kValuesPerTask,
                  [&](std::size_t i) { group.gradients[i] *= factor; });
  }
  return norm;
}

void AdamW::step(double learning_rate) {
  ++steps_;
  const auto t = static_cast<double>(steps_);
  const auto beta1 = static_cast<float>(options_.beta1);
  const auto beta2 = static_cast<float>(options_.beta2);
  const auto epsilon = static_cast<float>(options_.epsilon);
  const auto root2 = static_cast<float>(std::sqrt(1.0 - std::pow(options_.beta2, t)));
  std::size_t begin = 0;
  for (const ParameterGroup& group : groups_) {
    const double rate = learning_rate * group.rate;
    const auto shrink = static_cast<float>(1.0 - rate * group.weight_decay);
    const auto advance = static_cast<float>(rate / (1.0 - std::pow(options_.beta1, t)));
    float* const m = first_.data() + begin;
    float* const v = second_.data() + begin;
    begin += group.values.size();
    if (group.rate == 0.0) continue;
    parallel_each(group.values.size(), kValuesPerTask, [&](std::size_t i) {
      const float g = group.gradients[i];
      m[i] = beta1 * m[i] + (1.0F - beta1) * g;
      v[i] = beta2 * v[i] + (1.0F - beta2) * g * g;
      const float denominator = std::sqrt(v[i]) / root2 + epsilon;
      group.values[i] = group.values[i] * shrink - advance * m[i] / denominator;
    });
  }
}

void AdamW::clear_gradients() {
  for (const ParameterGroup& group : groups_) std::ranges::fill(group.gradients, 0.0F);
}

}  // namespace ptattn::train
