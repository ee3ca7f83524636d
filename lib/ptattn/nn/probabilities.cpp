#include "ptattn/nn/probabilities.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kRowsPerTask = 4096;

bool all_finite(std::span<const float> scores) {
  return std::ranges::all_of(scores, [](float score) { return std::isfinite(score); });
}

[[noreturn]] void refuse(std::string_view network) {
  throw Error(Fault::kModel, network, "gives scores that are not finite");
}

}  // namespace

std::vector<double> class_probabilities(std::span<const float> scores, std::string_view network) {
  if (!all_finite(scores)) refuse(network);
  const double largest = std::ranges::max(scores);
  std::vector<double> weights(scores.size());
  std::ranges::transform(scores, weights.begin(),
                         [&](float score) { return std::exp(score - largest); });
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& weight : weights) weight /= sum;
  return weights;
}

void class_probabilities(MutableMatrixView scores, std::span<const float> weights,
                         std::string_view network) {
  std::atomic<bool> finite = true;
  parallel_each(scores.rows, kRowsPerTask, [&](std::size_t i) {
    const std::span<float> p{scores.row(i), scores.cols};
    if (!all_finite(p)) finite = false;
    const float largest = std::ranges::max(p);
    const float weight = weights.empty() ? 1.0F : weights[i];
    float total = 0.0F;
    for (float& x : p) {
      x = std::exp((x - largest) / weight);
      total += x;
    }
    for (float& x : p) x /= total;
  });
  if (!finite) refuse(network);
}

}  // namespace ptattn
