#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace ptattn {

/// Softens or sharpens class probabilities, so that they are right as often as they say.
///
///   p_c <- p_c^(1/T_k) / sum_i p_i^(1/T_k)     k the likeliest class
///
/// That is temperature scaling (Guo et al. 2017, section 4.2) of probabilities in place of scores,
/// so that it can follow averages over votes and neighbours, which it is fitted for. T > 1 softens.
/// Whatever the numbers, the likeliest class stays the likeliest.
class Temperature {
 public:
  /// Leaves probabilities as they are: 1.
  Temperature() = default;
  /// @param by_class  T_k of each class, > 0, or one number for all classes
  explicit Temperature(std::vector<double> by_class);

  [[nodiscard]] bool is_one() const { return by_class_.empty(); }
  /// Returns the numbers that it was made of.
  [[nodiscard]] std::span<const double> by_class() const { return by_class_; }
  [[nodiscard]] double of(std::size_t likeliest) const;

  /// Applies it in place.
  /// @param p          not negative, sum 1; a class of probability 0 keeps it
  /// @param likeliest  the class that `p` is largest at
  void apply(std::span<float> p, std::size_t likeliest) const;
  void apply(std::span<double> p, std::size_t likeliest) const;

 private:
  std::vector<double> by_class_;  // empty: 1
};

}  // namespace ptattn
