#include "ptattn/models/upright_evidence.hpp"

#include <algorithm>
#include <cmath>

namespace ptattn {

double UprightEvidence::of(std::span<const double> probabilities, double strangeness) const {
  double sum = strangeness_ * strangeness;
  for (std::size_t c = 0; c < classes_.size(); ++c) sum += classes_[c] * probabilities[c];
  return sum;
}

std::vector<double> direction_shares(std::span<const double> evidence) {
  const double largest = std::ranges::max(evidence);
  std::vector<double> shares;
  double sum = 0.0;
  for (const double z : evidence) sum += shares.emplace_back(std::exp(z - largest));
  for (double& share : shares) share /= sum;
  return shares;
}

}  // namespace ptattn
