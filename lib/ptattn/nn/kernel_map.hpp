#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "ptattn/core/index.hpp"
#include "ptattn/core/scratch_memory.hpp"

namespace ptattn {

/// Writes the input rows that the offsets of a convolution's kernel meet at the output rows [begin,
/// end), row after row, kNoIndex where there is none. Called from many threads.
using FindNeighbors =
    std::function<void(std::size_t begin, std::size_t end, std::span<std::uint32_t> neighbors)>;

/// Says which input rows of a submanifold convolution meet which slice of its kernel: built once,
/// used by all layers over the same voxels. A view of scratch memory.
///
/// Output rows are cut into blocks; a block lists its pairs (input row, output row) slice by slice,
/// so that a slice's product can gather its rows into one small matrix. The middle of the kernel
/// meets every row with itself and is not listed.
class KernelMap {
 public:
  static constexpr std::size_t kBlockRows = 256;

  /// Makes the map of no rows.
  KernelMap() = default;
  /// @param rows       below 2^32 - 1
  /// @param volume     offsets of the kernel, odd
  /// @param neighbors  its middle entry is not looked at
  /// @param scratch    whose memory the map is; must live longer
  /// Time O(pairs), in parallel; memory 6 bytes a pair. The same map for any thread count.
  KernelMap(std::size_t rows, std::size_t volume, const FindNeighbors& neighbors,
            ScratchMemory& scratch);

  /// Makes the same in three steps, where what finds the neighbours shall lie behind the map: takes
  /// memory as if every offset were occupied, ...
  KernelMap(std::size_t rows, std::size_t volume, ScratchMemory& scratch);
  /// Finds the pairs, with some of the memory.
  void build(const FindNeighbors& neighbors);
  /// Gives back the rest of the memory.
  /// @param scratch  of which nothing was taken since the first step
  void trim(ScratchMemory& scratch);

  struct Pairs {
    std::span<const std::uint32_t> inputs;   ///< rows, ...
    std::span<const std::uint16_t> outputs;  ///< ... and rows of the block, ascending
  };

  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t volume() const { return volume_; }
  [[nodiscard]] std::size_t block_count() const { return blocks_.size(); }
  /// Returns the pairs of slice `offset` in block `block`.
  [[nodiscard]] Pairs pairs(std::size_t block, std::size_t offset) const;

 private:
  struct Block {
    std::uint32_t* begins;  // [volume + 1], into the other two
    std::uint32_t* inputs;
    std::uint16_t* outputs;
  };
  class Builder;

  std::size_t rows_ = 0;
  std::size_t volume_ = 0;
  std::span<Block> blocks_;
  std::span<std::byte> pairs_;  // of block after block, as they were done
  std::size_t used_ = 0;        // bytes of them
};

}  // namespace ptattn
