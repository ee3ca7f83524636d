#pragma once

#include <cstddef>

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/nn/kernels/attention_scores.hpp"

namespace ptattn {

/// Holds the memory of the attention kernels beside their operands.
struct AttentionScratch {
  static constexpr std::size_t kBlock = 128;    ///< keys that are worked on together
  static constexpr std::size_t kGroup = 512;    ///< queries that share a copy of these keys
  static constexpr std::size_t kMaxPanel = 32;  ///< queries of a panel at the widest CPU level

  float* keys;     ///< [kBlock, d]
  float* values;   ///< [kBlock, c]
  float* scores;   ///< [kBlock, panel]
  float* queries;  ///< [d, panel] for each panel of the group
  float* sums;     ///< [c, panel] for each panel of the group
  float* largest;  ///< [kGroup]
  float* total;    ///< [kGroup]

  /// Takes the memory for heads of width d (keys) and c (values), some 100 KiB.
  AttentionScratch(std::size_t d, std::size_t c, ScratchMemory& scratch)
      : keys(scratch.take<float>(kBlock * d).data()),
        values(scratch.take<float>(kBlock * c).data()),
        scores(scratch.take<float>(kBlock * kMaxPanel).data()),
        queries(scratch.take<float>(kGroup * d).data()),
        sums(scratch.take<float>(kGroup * c).data()),
        largest(scratch.take<float>(kGroup).data()),
        total(scratch.take<float>(kGroup).data()) {}
};

/// Holds what an attention on one thread works on, and with.
struct AttentionOperands {
  MatrixView q;
  MatrixView k;
  MatrixView v;
  AttentionScores scores;
  AttentionScratch memory;
};

}  // namespace ptattn
