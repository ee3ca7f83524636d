#pragma once

#include <cstddef>

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/nn/kernels/attention_scores.hpp"

namespace ptattn {

/// Holds the memory of the attention kernels beside their operands.
struct AttentionScratch {
  static constexpr std::size_t kBlock = 128;    ///< keys that are worked on together
  static constexpr std::size_t kMaxPanel = 32;  ///< queries of a panel at the widest CPU level
  static constexpr std::size_t kNarrow = 64;    ///< largest d + c whose groups are of 1024

  std::size_t group;  ///< queries that share a copy of these keys
  float* keys;        ///< [kBlock, d]
  float* values;      ///< [kBlock, c]
  float* scores;      ///< [kBlock, panel]
  float* queries;     ///< [d, panel] for each panel of the group
  float* sums;        ///< [c, panel] for each panel of the group
  float* largest;     ///< [group]
  float* total;       ///< [group]

  /// Takes the memory for heads of width d (keys) and c (values), some 100 to 300 KiB.
  AttentionScratch(std::size_t d, std::size_t c, ScratchMemory& scratch)
      : group(d + c <= kNarrow ? 1024 : 512),
        keys(scratch.take<float>(kBlock * d).data()),
        values(scratch.take<float>(kBlock * c).data()),
        scores(scratch.take<float>(kBlock * kMaxPanel).data()),
        queries(scratch.take<float>(group * d).data()),
        sums(scratch.take<float>(group * c).data()),
        largest(scratch.take<float>(group).data()),
        total(scratch.take<float>(group).data()) {}
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
