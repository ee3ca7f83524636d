#pragma once

#include <cstdint>
#include <vector>

namespace ptattn {

/// Holds mid-ranks of the numbers of a cloud: any scale and gamma give the same.
class Ranks {
 public:
  /// @param numbers  [n], n >= 1, none of them NaN
  /// Time O(n log n), parallel; the same result for any thread count.
  explicit Ranks(std::vector<double> numbers);

  /// @param number  one of them
  /// @return        0 to 1
  /// Time O(log different numbers).
  [[nodiscard]] double operator()(double number) const;

 private:
  std::vector<double> numbers_;        ///< [distinct], ascending
  std::vector<std::uint32_t> firsts_;  ///< [distinct + 1] how many are smaller
  double n_;
};

}  // namespace ptattn
