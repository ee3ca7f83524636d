#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ptattn/core/index.hpp"

namespace ptattn {

/// Names the class that the weights of a list of keys elect.
struct NeighborVote {
  std::uint32_t winner = kNoIndex;  ///< the first key of that class in the list
  double share = 0.0;               ///< of the weights
};

/// Elects the class with the largest share of the weights. Equal shares: the class that
/// stands first in the list wins. Keys without weight do not vote.
[[nodiscard]] NeighborVote vote_of(std::span<const std::uint32_t> list,
                                   std::span<const float> weights,
                                   std::span<const std::uint32_t> classes);

/// Computes sum_c (share of c - [c = truth])^2, from 0 (all weight on the truth) to 2 (Brier 1950).
[[nodiscard]] double brier_score(std::span<const std::uint32_t> list,
                                 std::span<const float> weights,
                                 std::span<const std::uint32_t> classes, std::uint32_t truth);

}  // namespace ptattn
