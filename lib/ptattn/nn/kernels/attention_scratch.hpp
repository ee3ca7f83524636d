#pragma once

#include <cstddef>

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/thread_owned.hpp"

namespace ptattn {

/// Memory of the attention kernels beside their operands.
struct AttentionScratch {
  static constexpr std::size_t kBlock = 128;    ///< keys that are worked on together
  static constexpr std::size_t kGroup = 512;    ///< queries that share a copy of these keys
  static constexpr std::size_t kMaxPanel = 32;  ///< queries of a panel at the widest CPU level

  float* keys = nullptr;     ///< [kBlock, d]
  float* values = nullptr;   ///< [kBlock, c]
  float* scores = nullptr;   ///< [kBlock, panel]
  float* queries = nullptr;  ///< [d, panel] for each panel of the group
  float* sums = nullptr;     ///< [c, panel] for each panel of the group
  float* largest = nullptr;  ///< [kGroup]
  float* total = nullptr;    ///< [kGroup]

  /// For heads of width d (keys) and c (values). The memory stays with the thread between calls:
  /// allocating some 100 KiB anew would cost a small head a tenth of its time. Valid until the
  /// thread's next call.
  static AttentionScratch of_this_thread(std::size_t d, std::size_t c) {
    Matrix& memory = ThreadOwned<Owned>::get().memory;
    const std::size_t size = kBlock * (d + c + kMaxPanel) + kGroup * (d + c + 2);
    if (memory.size() < size) memory = Matrix(1, size);
    AttentionScratch p;
    p.keys = memory.data();
    p.values = p.keys + kBlock * d;
    p.scores = p.values + kBlock * c;
    p.queries = p.scores + kBlock * kMaxPanel;
    p.sums = p.queries + kGroup * d;
    p.largest = p.sums + kGroup * c;
    p.total = p.largest + kGroup;
    return p;
  }

 private:
  struct Owned {
    Matrix memory;
  };
};

}  // namespace ptattn
