#include "ptattn/nn/kernel_map.hpp"

#include <algorithm>

#include "ptattn/core/parallel.hpp"
#include "ptattn/core/scratch_memory.hpp"

namespace ptattn {

KernelMap::KernelMap(std::size_t rows, std::size_t volume, const FindNeighbors& neighbors)
    : rows_(rows), volume_(volume), blocks_((rows + kBlockRows - 1) / kBlockRows) {
  parallel_each(blocks_.size(), 1, [&](std::size_t b) {
    const std::size_t first = b * kBlockRows;
    blocks_[b] = build(first, std::min(kBlockRows, rows - first), neighbors);
  });
}

KernelMap::Block KernelMap::build(std::size_t first_row, std::size_t count,
                                  const FindNeighbors& neighbors) const {
  ScratchMemory scratch;
  const auto found = scratch.take<std::uint32_t>(count * volume_);
  neighbors(first_row, first_row + count, found);
  Block block;
  block.begins.assign(volume_ + 1, 0);
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t* const row = found.data() + i * volume_;
    row[volume_ / 2] = kNoRow;
    for (std::size_t k = 0; k < volume_; ++k) block.begins[k + 1] += row[k] != kNoRow ? 1 : 0;
  }
  for (std::size_t k = 0; k < volume_; ++k) block.begins[k + 1] += block.begins[k];
  block.inputs.resize(block.begins.back());
  block.outputs.resize(block.begins.back());
  const auto next = scratch.take<std::uint32_t>(volume_);
  std::copy_n(block.begins.begin(), volume_, next.begin());
  const auto met = scratch.take<std::uint32_t>(volume_ + 1);  // places of the kernel
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t* const row = found.data() + i * volume_;
    std::size_t many = 0;
    for (std::uint32_t k = 0; k < volume_; ++k) {  // without branches: most places are empty
      met[many] = k;
      many += row[k] != kNoRow ? 1 : 0;
    }
    for (std::size_t t = 0; t < many; ++t) {
      const std::uint32_t place = next[met[t]]++;
      block.inputs[place] = row[met[t]];
      block.outputs[place] = static_cast<std::uint16_t>(i);
    }
  }
  return block;
}

KernelMap::Pairs KernelMap::pairs(std::size_t block, std::size_t place) const {
  const Block& b = blocks_[block];
  const std::size_t begin = b.begins[place];
  const std::size_t count = b.begins[place + 1] - begin;
  return {{b.inputs.data() + begin, count}, {b.outputs.data() + begin, count}};
}

}  // namespace ptattn
