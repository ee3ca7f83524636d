#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ptattn/tasks/transfer/transfer.hpp"

namespace ptattn {

/// The class that the weights of a list of keys elect.
struct Vote {
  std::uint32_t winner = kNoIndex;  ///< the first key of that class in the list
  double share = 0.0;               ///< of the weights
};

/// Equal shares: the class that stands first in the list wins. Keys without weight do not vote.
[[nodiscard]] Vote vote_of(std::span<const std::uint32_t> list, std::span<const float> weights,
                           std::span<const std::uint32_t> classes);

/// sum_c (share of c - [c = truth])^2, from 0 (all weight on the truth) to 2 (Brier 1950).
[[nodiscard]] double brier_score(std::span<const std::uint32_t> list,
                                 std::span<const float> weights,
                                 std::span<const std::uint32_t> classes, std::uint32_t truth);

/// @throws Error(Fault::kUsage) unless exactly one of classes and values is there, one a key
void check_known(const Places& keys, const Known& known);

}  // namespace ptattn
