#pragma once

#include <cstddef>

#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// Memory of the attention kernel beside its operands. Pieces begin at whole cache lines where the
/// head widths are even.
class AttentionScratch {
 public:
  static constexpr std::size_t kBlock = 128;    ///< keys that are worked on together
  static constexpr std::size_t kGroup = 512;    ///< queries that share a copy of these keys
  static constexpr std::size_t kMaxPanel = 32;  ///< queries of a panel at the widest CPU level

  /// For heads of width d (keys) and c (values).
  void reserve(std::size_t d, std::size_t c) {
    const std::size_t size = kBlock * (d + c + kMaxPanel) + kGroup * (d + c + 2);
    if (memory_.size() < size) memory_ = Matrix(1, size);
    keys = memory_.data();
    values = keys + kBlock * d;
    scores = values + kBlock * c;
    queries = scores + kBlock * kMaxPanel;
    sums = queries + kGroup * d;
    largest = sums + kGroup * c;
    total = largest + kGroup;
  }

  float* keys = nullptr;     ///< [kBlock, d]
  float* values = nullptr;   ///< [kBlock, c]
  float* scores = nullptr;   ///< [kBlock, panel]
  float* queries = nullptr;  ///< [d, panel] for each panel of the group
  float* sums = nullptr;     ///< [c, panel] for each panel of the group
  float* largest = nullptr;  ///< [kGroup]
  float* total = nullptr;    ///< [kGroup]

 private:
  Matrix memory_;
};

}  // namespace ptattn
