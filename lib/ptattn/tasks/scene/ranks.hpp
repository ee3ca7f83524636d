#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ptattn {

/// Holds mid-ranks of the numbers of a cloud: any scale and gamma give the same.
class Ranks {
 public:
  /// @param numbers  [n], n >= 1, none of them NaN
  /// Time O(n log n), parallel; the same result for any thread count.
  explicit Ranks(std::vector<double> numbers);
  /// @param numbers  [distinct], at least one, ascending
  /// @param counts   [distinct] how often each of them is there, at least once
  Ranks(std::vector<double> numbers, std::span<const std::uint64_t> counts);

  /// Returns the numbers, each once, and how many of all are smaller than each; behind them, how
  /// many there are.
  [[nodiscard]] std::span<const double> numbers() const { return numbers_; }
  [[nodiscard]] std::span<const std::uint64_t> firsts() const { return firsts_; }

  /// @param number  one of them; another one counts as the next larger, if there is one
  /// @return        0 to 1
  /// Time O(log different numbers).
  [[nodiscard]] double operator()(double number) const;

 private:
  std::vector<double> numbers_;        ///< [distinct], ascending
  std::vector<std::uint64_t> firsts_;  ///< [distinct + 1] how many are smaller
  double n_;
};

}  // namespace ptattn
