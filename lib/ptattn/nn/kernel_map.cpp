#include "ptattn/nn/kernel_map.hpp"

#include <algorithm>
#include <atomic>

#include "ptattn/core/parallel.hpp"

namespace ptattn {

/// Builds blocks side by side, each behind those that were done before it.
class KernelMap::Builder {
 public:
  /// @param memory  for 6 bytes a pair and 3 a block more
  Builder(std::size_t volume, const FindNeighbors& neighbors, std::span<std::byte> memory)
      : volume_(volume), neighbors_(neighbors), memory_(memory) {}

  void build(std::size_t first_row, std::size_t count, Block& block) {
    std::uint32_t* const begins = block.begins;
    ScratchMemory scratch;
    const auto found = scratch.take<std::uint32_t>(count * volume_);
    neighbors_(first_row, first_row + count, found);
    std::fill_n(begins, volume_ + 1, 0U);
    for (std::size_t i = 0; i < count; ++i) {
      std::uint32_t* const row = found.data() + i * volume_;
      row[volume_ / 2] = kNoIndex;
      for (std::size_t k = 0; k < volume_; ++k) begins[k + 1] += row[k] != kNoIndex ? 1 : 0;
    }
    for (std::size_t k = 0; k < volume_; ++k) begins[k + 1] += begins[k];
    store(block);
    const auto next = scratch.take<std::uint32_t>(volume_);
    std::copy_n(begins, volume_, next.begin());
    const auto met = scratch.take<std::uint32_t>(volume_ + 1);  // offsets of the kernel
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t* const row = found.data() + i * volume_;
      std::size_t many = 0;
      for (std::uint32_t k = 0; k < volume_; ++k) {  // without branches: most offsets are empty
        met[many] = k;
        many += row[k] != kNoIndex ? 1 : 0;
      }
      for (std::size_t t = 0; t < many; ++t) {
        const std::uint32_t at = next[met[t]]++;
        block.inputs[at] = row[met[t]];
        block.outputs[at] = static_cast<std::uint16_t>(i);
      }
    }
  }

  /// Bytes in use.
  [[nodiscard]] std::size_t used() const { return used_; }

 private:
  void store(Block& block) {
    const std::size_t pairs = block.begins[volume_];
    const std::size_t inputs = pairs * sizeof(std::uint32_t);
    const std::size_t outputs = (pairs + pairs % 2) * sizeof(std::uint16_t);  // 4-byte aligned
    std::byte* const at = memory_.data() + used_.fetch_add(inputs + outputs);
    block.inputs = reinterpret_cast<std::uint32_t*>(at);
    block.outputs = reinterpret_cast<std::uint16_t*>(at + inputs);
  }

  std::size_t volume_;
  const FindNeighbors& neighbors_;
  std::span<std::byte> memory_;
  std::atomic<std::size_t> used_ = 0;
};

KernelMap::KernelMap(std::size_t rows, std::size_t volume, const FindNeighbors& neighbors,
                     ScratchMemory& scratch)
    : KernelMap(rows, volume, scratch) {
  build(neighbors);
  trim(scratch);
}

KernelMap::KernelMap(std::size_t rows, std::size_t volume, ScratchMemory& scratch)
    : rows_(rows), volume_(volume) {
  blocks_ = scratch.take<Block>((rows + kBlockRows - 1) / kBlockRows);
  const auto begins = scratch.take<std::uint32_t>(blocks_.size() * (volume + 1));
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    blocks_[b].begins = begins.data() + b * (volume + 1);
  }
  constexpr std::size_t kPairBytes = sizeof(std::uint32_t) + sizeof(std::uint16_t);
  pairs_ = scratch.take<std::byte>(rows * (volume - 1) * kPairBytes +
                                   blocks_.size() * sizeof(std::uint16_t));
}

void KernelMap::build(const FindNeighbors& neighbors) {
  Builder builder(volume_, neighbors, pairs_);
  parallel_each(blocks_.size(), 1, [&](std::size_t b) {
    const std::size_t first = b * kBlockRows;
    builder.build(first, std::min(kBlockRows, rows_ - first), blocks_[b]);
  });
  used_ = builder.used();
}

void KernelMap::trim(ScratchMemory& scratch) {
  pairs_ = scratch.keep_first(pairs_, used_);
}

KernelMap::Pairs KernelMap::pairs(std::size_t block, std::size_t offset) const {
  const Block& b = blocks_[block];
  const std::size_t begin = b.begins[offset];
  const std::size_t count = b.begins[offset + 1] - begin;
  return {{b.inputs + begin, count}, {b.outputs + begin, count}};
}

}  // namespace ptattn
