#include "ptattn/tasks/geometry/neighbor_vote.hpp"

namespace ptattn {
namespace {

/// Calls `visit(first key, share)` for every class of a list, in the order of first appearance.
/// Lists are short: quadratic, without memory of its own.
template <class Visit>
void for_each_class(std::span<const std::uint32_t> list, std::span<const float> weights,
                    std::span<const std::uint32_t> classes, const Visit& visit) {
  for (std::size_t j = 0; j < list.size(); ++j) {
    if (!(weights[j] > 0.0F)) continue;
    const std::uint32_t name = classes[list[j]];
    bool seen = false;
    for (std::size_t i = 0; i < j && !seen; ++i) {
      seen = weights[i] > 0.0F && classes[list[i]] == name;
    }
    if (seen) continue;
    double share = 0.0;
    for (std::size_t i = j; i < list.size(); ++i) {
      if (weights[i] > 0.0F && classes[list[i]] == name) share += double{weights[i]};
    }
    visit(list[j], share);
  }
}

}  // namespace

NeighborVote vote_of(std::span<const std::uint32_t> list, std::span<const float> weights,
                     std::span<const std::uint32_t> classes) {
  NeighborVote best;
  for_each_class(list, weights, classes, [&](std::uint32_t key, double share) {
    if (share > best.share) best = {key, share};
  });
  return best;
}

double brier_score(std::span<const std::uint32_t> list, std::span<const float> weights,
                   std::span<const std::uint32_t> classes, std::uint32_t truth) {
  double score = 1.0;  // what a truth without any share costs
  for_each_class(list, weights, classes, [&](std::uint32_t key, double share) {
    score += share * share - (classes[key] == truth ? 2.0 * share : 0.0);
  });
  return score;
}

}  // namespace ptattn
