#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace ptattn {

/// Sets confidence against accuracy, in bins of equal width of the confidence (Guo et al. 2017).
class ReliabilityTable {
 public:
  static constexpr std::size_t kBins = 15;

  /// Holds what was said with a confidence of one range.
  struct Bin {
    std::uint64_t items = 0;
    std::uint64_t right = 0;
    double confidence = 0.0;  ///< sum

    [[nodiscard]] double mean_confidence() const;  ///< 0 of nothing
    [[nodiscard]] double accuracy() const;         ///< 0 of nothing
  };

  /// Returns the bin of a confidence; what is not in [0, 1] counts as the nearest that is, NaN as
  /// 0.
  [[nodiscard]] static std::size_t bin_of(double confidence);

  void add(double confidence, bool right);
  /// Adds items of one bin that are all right or all wrong.
  /// @param confidence  their sum
  void add(std::size_t bin, std::uint64_t items, double confidence, bool right);
  void add(const ReliabilityTable& other);

  [[nodiscard]] const std::array<Bin, kBins>& bins() const { return bins_; }
  [[nodiscard]] std::uint64_t items() const;
  /// Returns expected calibration error: sum over the bins of their share of items times the
  /// difference between their mean confidence and their accuracy. 0 of nothing.
  [[nodiscard]] double expected_error() const;
  /// Returns the largest difference of a bin that holds at least one in a hundred items. 0 of
  /// nothing.
  [[nodiscard]] double largest_error() const;

 private:
  std::array<Bin, kBins> bins_{};
};

}  // namespace ptattn
