#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace ptattn::io::las::laz {

/// Holds about the median of the last five numbers: five sorted ones, of which in turn the largest
/// and the smallest give way.
class StreamingMedian {
 public:
  [[nodiscard]] std::int32_t get() const { return sorted_[2]; }

  void add(std::int32_t value) {
    if (drops_largest_) {
      drops_largest_ = value < sorted_[2];
      sorted_[4] = value;
      for (int i = 4; i > 0; --i) order(i - 1, i);
    } else {
      drops_largest_ = !(sorted_[2] < value);
      sorted_[0] = value;
      for (int i = 0; i < 4; ++i) order(i, i + 1);
    }
  }

 private:
  void order(int low, int high) {
    const std::int32_t a = sorted_[static_cast<std::size_t>(low)];
    const std::int32_t b = sorted_[static_cast<std::size_t>(high)];
    sorted_[static_cast<std::size_t>(low)] = std::min(a, b);
    sorted_[static_cast<std::size_t>(high)] = std::max(a, b);
  }

  std::array<std::int32_t, 5> sorted_{};
  bool drops_largest_ = true;
};

}  // namespace ptattn::io::las::laz
