#include "ptattn/models/familiar_scores.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "ptattn/core/error.hpp"
#include "ptattn/models/files/finite_tensor.hpp"

namespace ptattn {
namespace {

/// Mean and deviation.
std::array<double, 2> scale(const WeightSource& weights, const std::string& name) {
  const std::vector<float> values = finite_tensor(weights, name, {2});
  if (!(values[1] > 0.0F)) {
    throw Error(Fault::kModel, weights.subject(), "holds a deviation of " + name + " of 0");
  }
  return {values[0], values[1]};
}

/// (s - m)^T P (s - m)
double squared_distance(std::span<const float> s, const float* mean, const float* precision) {
  double sum = 0.0;
  for (std::size_t i = 0; i < s.size(); ++i) {
    double row = 0.0;
    for (std::size_t j = 0; j < s.size(); ++j) {
      row += double{precision[i * s.size() + j]} * (double{s[j]} - double{mean[j]});
    }
    sum += row * (double{s[i]} - double{mean[i]});
  }
  return sum;
}

}  // namespace

double energy_of(std::span<const float> scores) {
  const double largest = std::ranges::max(scores);
  double sum = 0.0;
  for (const float score : scores) sum += std::exp(double{score} - largest);
  return -(largest + std::log(sum));
}

FamiliarScores::FamiliarScores(const WeightSource& weights, std::size_t classes)
    : means_(finite_tensor(weights, "means", {classes, classes})),
      precision_(finite_tensor(weights, "precision", {classes, classes})),
      mean_(finite_tensor(weights, "mean", {classes})),
      overall_precision_(finite_tensor(weights, "overall_precision", {classes, classes})),
      energy_(scale(weights, "energy")),
      distance_(scale(weights, "distance")) {}

double FamiliarScores::relative_distance(std::span<const float> scores) const {
  const auto likeliest =
      static_cast<std::size_t>(std::ranges::max_element(scores) - scores.begin());
  return squared_distance(scores, &means_[likeliest * scores.size()], precision_.data()) -
         squared_distance(scores, mean_.data(), overall_precision_.data());
}

double FamiliarScores::strangeness(std::span<const float> scores) const {
  return (energy_of(scores) - energy_[0]) / energy_[1] +
         (relative_distance(scores) - distance_[0]) / distance_[1];
}

}  // namespace ptattn
