#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "ptattn/models/files/weights.hpp"

namespace ptattn {

/// Remembers what the scores of a classifier looked like where it was validated.
///
///   E(s) = -ln sum_c exp(s_c)                                      Liu et al. 2020
///   R(s) = (s - m_k)^T P (s - m_k) - (s - m)^T Q (s - m)           Ren et al. 2021
///   strangeness(s) = (E(s) - e_1) / e_2 + (R(s) - r_1) / r_2
///
/// k is the likeliest class, m_k the mean of its scores, P the inverse covariance about these
/// means; m and Q are those of all scores; e and r hold mean and deviation of E and R. The energy
/// is high where no class stands out, the relative distance where the pattern of the others does
/// not belong to the class that does: together they find more than each alone.
class FamiliarScores {
 public:
  /// Remembers nothing.
  FamiliarScores() = default;
  /// @param weights  tensors `means` [c, c], `precision` [c, c], `mean` [c], `overall_precision`
  ///                 [c, c], `energy` [2] and `distance` [2]
  /// @throws Error(Fault::kModel) unless they have these shapes and finite values, and deviations
  ///         above 0
  FamiliarScores(const WeightSource& weights, std::size_t classes);

  [[nodiscard]] bool empty() const { return mean_.empty(); }
  /// Returns about 0 of what was seen in validation, a few of what is strange.
  /// @param scores  [c] before softmax
  /// Time O(c^2).
  [[nodiscard]] double strangeness(std::span<const float> scores) const;
  /// Returns R(s).
  [[nodiscard]] double relative_distance(std::span<const float> scores) const;

 private:
  std::vector<float> means_;              // [c, c]
  std::vector<float> precision_;          // [c, c]
  std::vector<float> mean_;               // [c]
  std::vector<float> overall_precision_;  // [c, c]
  std::array<double, 2> energy_{};
  std::array<double, 2> distance_{};
};

/// Returns E(s).
[[nodiscard]] double energy_of(std::span<const float> scores);

}  // namespace ptattn
