#include "ptattn/neighbors/voxel_hash.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <string>

#include "ptattn/core/error.hpp"

namespace ptattn {
namespace {

constexpr std::uint64_t kEmpty = ~std::uint64_t{0};
constexpr unsigned kBlockShift = 2;  // a block's side is 4
constexpr std::uint32_t kInside = 3;

VoxelHash::Cell block_of(const VoxelHash::Cell& cell) {
  return {cell[0] >> kBlockShift, cell[1] >> kBlockShift, cell[2] >> kBlockShift};
}

/// Place of a cell in its block, z fastest.
std::size_t place_of(const VoxelHash::Cell& cell) {
  return (cell[0] & kInside) << 4U | (cell[1] & kInside) << 2U | (cell[2] & kInside);
}

}  // namespace

VoxelHash::VoxelHash(std::span<const Cell> cells, std::span<const std::size_t> ends) {
  std::uint32_t all = 0;
  for (const Cell& cell : cells) all |= cell[0] | cell[1] | cell[2];
  block_bits_ = static_cast<unsigned>(std::bit_width(all >> kBlockShift));
  if (3 * block_bits_ + static_cast<unsigned>(std::bit_width(ends.size())) > 63) {
    throw Error(Fault::kUsage, "voxels",
                std::to_string(ends.size()) + " clouds reach voxel " + std::to_string(all) +
                    ", expected less");
  }
  // At most half full, so that chains stay short.
  const std::size_t slots = std::bit_ceil(std::max<std::size_t>(2, 2 * cells.size()));
  shift_ = 64U - static_cast<unsigned>(std::bit_width(slots - 1));
  slots_.assign(slots, {kEmpty, 0});
  std::size_t row = 0;
  for (std::size_t cloud = 0; cloud < ends.size(); ++cloud) {
    std::uint64_t last_key = kEmpty;
    Block* block = nullptr;
    for (; row < ends[cloud]; ++row) {
      const std::uint64_t row_key = key(cloud, block_of(cells[row]));
      if (row_key != last_key) block = &insert(row_key);
      last_key = row_key;
      std::uint32_t& entry = (*block)[place_of(cells[row])];
      if (entry == kNone) entry = static_cast<std::uint32_t>(row);
    }
  }
}

std::uint64_t VoxelHash::key(std::size_t cloud, const Cell& block) const {
  std::uint64_t key = cloud;
  for (const std::uint32_t x : block) key = key << block_bits_ | x;
  return key;
}

/// The slot that holds `key`, or the empty one where it belongs.
std::size_t VoxelHash::slot_of(std::uint64_t key) const {
  // Multiplicative hashing (Knuth 1973, 6.4): the upper bits of the product are well mixed.
  std::size_t slot = key * 0x9e3779b97f4a7c15ULL >> shift_;
  while (slots_[slot].key != key && slots_[slot].key != kEmpty) {
    slot = (slot + 1) & (slots_.size() - 1);
  }
  return slot;
}

VoxelHash::Block& VoxelHash::insert(std::uint64_t key) {
  Slot& slot = slots_[slot_of(key)];
  if (slot.key == kEmpty) {
    slot = {key, static_cast<std::uint32_t>(blocks_.size())};
    blocks_.emplace_back().fill(kNone);
  }
  return blocks_[slot.block];
}

const VoxelHash::Block* VoxelHash::block_at(std::size_t cloud,
                                            const std::array<int, 3>& block) const {
  const int side = 1 << block_bits_;
  Cell inside{};
  for (std::size_t a = 0; a < 3; ++a) {
    if (block[a] < 0 || block[a] >= side) return nullptr;
    inside[a] = static_cast<std::uint32_t>(block[a]);
  }
  const Slot& slot = slots_[slot_of(key(cloud, inside))];
  return slot.key == kEmpty ? nullptr : &blocks_[slot.block];
}

std::uint32_t VoxelHash::find(std::size_t cloud, const Cell& cell) const {
  const auto [x, y, z] = block_of(cell);
  const Block* block =
      block_at(cloud, {static_cast<int>(x), static_cast<int>(y), static_cast<int>(z)});
  return block == nullptr ? kNone : (*block)[place_of(cell)];
}

void VoxelHash::window(std::size_t cloud, const Cell& cell, int radius,
                       std::span<std::uint32_t> rows) const {
  assert(radius >= 0 && radius <= kMaxRadius);
  assert(rows.size() ==
         static_cast<std::size_t>((2 * radius + 1) * (2 * radius + 1) * (2 * radius + 1)));
  std::array<int, 3> begin{};
  std::array<int, 3> first{};  // block
  std::array<int, 3> count{};  // of blocks, at most 3
  for (std::size_t a = 0; a < 3; ++a) {
    begin[a] = static_cast<int>(cell[a]) - radius;
    first[a] = begin[a] >> kBlockShift;
    count[a] = ((begin[a] + 2 * radius) >> kBlockShift) - first[a] + 1;
  }
  static const Block kNowhere = [] {
    Block block;
    block.fill(kNone);
    return block;
  }();
  std::array<const Block*, 27> blocks{};
  const auto at = [](int i, int j, int k) {
    const int place = 9 * i + 3 * j + k;
    return static_cast<std::size_t>(place);
  };
  for (int i = 0; i < count[0]; ++i) {
    for (int j = 0; j < count[1]; ++j) {
      for (int k = 0; k < count[2]; ++k) {
        const Block* block = block_at(cloud, {first[0] + i, first[1] + j, first[2] + k});
        blocks[at(i, j, k)] = block == nullptr ? &kNowhere : block;
      }
    }
  }
  const auto inside = [](int x) { return static_cast<std::size_t>(x) & kInside; };
  const auto which = [&](int x, std::size_t a) { return (x >> kBlockShift) - first[a]; };
  std::uint32_t* row = rows.data();
  for (int x = begin[0]; x <= begin[0] + 2 * radius; ++x) {
    for (int y = begin[1]; y <= begin[1] + 2 * radius; ++y) {
      const std::size_t place = inside(x) << 4U | inside(y) << 2U;
      for (int z = begin[2]; z <= begin[2] + 2 * radius; ++z) {
        *row++ = (*blocks[at(which(x, 0), which(y, 1), which(z, 2))])[place | inside(z)];
      }
    }
  }
}

}  // namespace ptattn
