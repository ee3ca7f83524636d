#pragma once

#include <cstddef>
#include <vector>

#include "ptattn/models/upright_evidence.hpp"

namespace ptattn::train {

/// Holds what a classifier makes of objects in several directions, the upright one first.
struct UprightSample {
  std::size_t classes = 0;
  std::size_t directions = 0;
  std::vector<double> probabilities{};  ///< [n, directions, classes]
  std::vector<double> strangeness{};    ///< [n, directions]
};

/// Fits an UprightEvidence: the w and v that minimise
///
///   -1/n sum_i ln q_i0 + r/2 (|w|^2 + v^2)      r = 1e-4
///
/// by Newton's method, to four decimals; the problem is convex. Its usual evidence is that of 19 of
/// 20 of the objects.
/// @return  one that tells nothing for fewer than 100 objects
/// Time O(n directions classes^2) a step, of which there are about ten. Serial.
[[nodiscard]] UprightEvidence fit_upright_evidence(const UprightSample& sample);

}  // namespace ptattn::train
