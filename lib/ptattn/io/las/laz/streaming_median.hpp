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
    // The four that stay, and where the new one goes among them; no branch, since none could be
    // foreseen.
    const std::int32_t* const kept = sorted_.data() + (drops_largest_ ? 0 : 1);
    const std::array<std::int32_t, 4> stay{kept[0], kept[1], kept[2], kept[3]};
    const std::int32_t median = sorted_[2];
    drops_largest_ = drops_largest_ ? value < median : value <= median;
    sorted_[0] = std::min(value, stay[0]);
    for (std::size_t i = 1; i < 4; ++i)
      sorted_[i] = std::max(stay[i - 1], std::min(value, stay[i]));
    sorted_[4] = std::max(value, stay[3]);
  }

 private:
  std::array<std::int32_t, 5> sorted_{};
  bool drops_largest_ = true;
};

}  // namespace ptattn::io::las::laz
