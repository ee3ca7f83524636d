#include "ptattn/tasks/transfer/neighbor_vote.hpp"

#include <string>

#include "ptattn/core/error.hpp"

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

void check_known(const TransferPoints& keys, const TransferTargets& known) {
  if (known.classes.empty() == known.values.empty()) {
    throw Error(Fault::kUsage, "transfer", "expected either classes or values of the keys");
  }
  const std::size_t count = known.classes.size() + known.values.size();
  if (count != keys.positions.size()) {
    throw Error(Fault::kUsage, "transfer",
                std::to_string(count) + " values, expected one for each of " +
                    std::to_string(keys.positions.size()) + " keys");
  }
}

}  // namespace ptattn
