#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace ptattn {

/// Tells from what a classifier makes of an object how likely the object stands upright.
///
///   z_a = w^T p_a + v s_a
///   q_a = exp(z_a) / sum_b exp(z_b)      the share of the direction a
///
/// p_a [c] are the probabilities and s_a the strangeness (FamiliarScores) of the object with the
/// direction a taken as up: a conditional logit (McFadden 1974). Classes that objects lying on a
/// side are taken for have a small weight, and so has what is strange.
class UprightEvidence {
 public:
  /// Tells nothing.
  UprightEvidence() = default;
  /// @param classes      w [c]
  /// @param strangeness  v
  /// @param usual        see `usual`
  UprightEvidence(std::vector<double> classes, double strangeness,
                  std::optional<double> usual = std::nullopt)
      : classes_(std::move(classes)), strangeness_(strangeness), usual_(usual) {}

  [[nodiscard]] bool empty() const { return classes_.empty(); }
  /// Returns w.
  [[nodiscard]] std::span<const double> classes() const { return classes_; }
  /// Returns v.
  [[nodiscard]] double strangeness() const { return strangeness_; }
  /// Returns the z that 19 of 20 upright objects exceed, where that is known.
  [[nodiscard]] const std::optional<double>& usual() const { return usual_; }
  /// Returns z of one direction.
  /// @param probabilities  [c], calibrated
  [[nodiscard]] double of(std::span<const double> probabilities, double strangeness) const;

 private:
  std::vector<double> classes_;
  double strangeness_ = 0.0;
  std::optional<double> usual_;
};

/// Returns q for the z of each direction: not negative, sum 1.
[[nodiscard]] std::vector<double> direction_shares(std::span<const double> evidence);

}  // namespace ptattn
