#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace ptattn {

/// Writes the input rows that the places of a convolution's kernel meet at the output rows [begin,
/// end), row after row, kNoRow where there is none. Called from many threads.
using FindNeighbors =
    std::function<void(std::size_t begin, std::size_t end, std::span<std::uint32_t> neighbors)>;

inline constexpr std::uint32_t kNoRow = 0xffffffffU;

/// Which input rows of a submanifold convolution meet which slice of its kernel: built once, used
/// by all layers over the same voxels.
///
/// Output rows are cut into blocks; a block lists its pairs (input row, output row) slice by slice,
/// so that a slice's product can gather its rows into one small matrix. The middle of the kernel
/// meets every row with itself and is not listed.
class KernelMap {
 public:
  static constexpr std::size_t kBlockRows = 256;

  /// @param rows       below 2^32 - 1
  /// @param volume     places of the kernel, odd
  /// @param neighbors  its middle entry is not looked at
  /// Time and memory O(pairs), in parallel; the same map for any thread count.
  KernelMap(std::size_t rows, std::size_t volume, const FindNeighbors& neighbors);

  struct Pairs {
    std::span<const std::uint32_t> inputs;   ///< rows, ...
    std::span<const std::uint16_t> outputs;  ///< ... and rows of the block, ascending
  };

  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t volume() const { return volume_; }
  [[nodiscard]] std::size_t block_count() const { return blocks_.size(); }
  /// The pairs of slice `place` in block `block`.
  [[nodiscard]] Pairs pairs(std::size_t block, std::size_t place) const;

 private:
  struct Block {
    std::vector<std::uint32_t> begins;  // [volume + 1], into the other two
    std::vector<std::uint32_t> inputs;
    std::vector<std::uint16_t> outputs;
  };

  [[nodiscard]] Block build(std::size_t first_row, std::size_t count,
                            const FindNeighbors& neighbors) const;

  std::size_t rows_;
  std::size_t volume_;
  std::vector<Block> blocks_;
};

}  // namespace ptattn
