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
  fill(cells, runs_of(cells, ends));
}

std::vector<VoxelHash::Run> VoxelHash::runs_of(std::span<const Cell> cells,
                                               std::span<const std::size_t> ends) const {
  std::vector<Run> runs;
  std::size_t row = 0;
  for (std::size_t cloud = 0; cloud < ends.size(); ++cloud) {
    const std::size_t first = runs.size();
    for (; row < ends[cloud]; ++row) {
      const std::uint64_t row_key = key(cloud, block_of(cells[row]));
      if (runs.size() == first || runs.back().key != row_key) runs.push_back({row, row_key});
      runs.back().end = row + 1;
    }
  }
  return runs;
}

void VoxelHash::fill(std::span<const Cell> cells, std::span<const Run> runs) {
  // At most half full, so that chains stay short.
  const std::size_t slots = std::bit_ceil(std::max<std::size_t>(2, 2 * runs.size()));
  shift_ = 64U - static_cast<unsigned>(std::bit_width(slots - 1));
  slots_.assign(slots, {kEmpty, 0});
  std::uint32_t blocks = 0;
  std::vector<std::uint32_t> block_of_run;
  block_of_run.reserve(runs.size());
  for (const Run& run : runs) {
    Slot& slot = slots_[slot_of(run.key)];
    if (slot.key == kEmpty) slot = {run.key, blocks++};
    block_of_run.push_back(slot.block);
  }
  Block nowhere;
  nowhere.fill(kNone);
  blocks_.assign(blocks, nowhere);
  std::size_t row = 0;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    Block& block = blocks_[block_of_run[r]];
    for (; row < runs[r].end; ++row) {
      std::uint32_t& entry = block[place_of(cells[row])];
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

void VoxelHash::Cursor::go_to(std::size_t cloud, const std::array<int, 3>& block) {
  if (cloud == cloud_ && block == center_) return;
  cloud_ = cloud;
  center_ = block;
  around_.fill(nullptr);
}

void VoxelHash::Cursor::window(std::size_t cloud, const Cell& cell, int radius,
                               std::span<std::uint32_t> rows) {
  assert(radius >= 0 && radius <= kMaxRadius);
  const int width = 2 * radius + 1;
  assert(rows.size() == static_cast<std::size_t>(width * width * width));
  static const Block kNowhere = [] {
    Block block;
    block.fill(kNone);
    return block;
  }();
  const auto [cx, cy, cz] = block_of(cell);
  go_to(cloud, {static_cast<int>(cx), static_cast<int>(cy), static_cast<int>(cz)});

  // Of the places along each axis: the step to their block from the cell's, 0 to 2, and the place
  // in it.
  std::array<std::array<std::uint8_t, 2 * kMaxRadius + 1>, 3> step{};
  std::array<std::array<std::uint8_t, 2 * kMaxRadius + 1>, 3> place{};
  for (std::size_t a = 0; a < 3; ++a) {
    for (int t = 0; t < width; ++t) {
      const int x = static_cast<int>(cell[a]) - radius + t;
      step[a][static_cast<std::size_t>(t)] =
          static_cast<std::uint8_t>((x >> kBlockShift) - center_[a] + 1);
      place[a][static_cast<std::size_t>(t)] = static_cast<std::uint8_t>(x & int{kInside});
    }
  }
  const auto last = static_cast<std::size_t>(width - 1);
  for (std::size_t i = step[0][0]; i <= step[0][last]; ++i) {
    for (std::size_t j = step[1][0]; j <= step[1][last]; ++j) {
      for (std::size_t k = step[2][0]; k <= step[2][last]; ++k) {
        const Block*& block = around_[9 * i + 3 * j + k];
        if (block != nullptr) continue;
        const auto at = [](int center, std::size_t s) { return center + static_cast<int>(s) - 1; };
        block = hash_.block_at(cloud, {at(center_[0], i), at(center_[1], j), at(center_[2], k)});
        if (block == nullptr) block = &kNowhere;
      }
    }
  }
  std::uint32_t* row = rows.data();
  for (std::size_t x = 0; x <= last; ++x) {
    for (std::size_t y = 0; y <= last; ++y) {
      const Block* const* const line =
          around_.data() + std::size_t{9} * step[0][x] + std::size_t{3} * step[1][y];
      const std::size_t begin = std::size_t{place[0][x]} << 4U | std::size_t{place[1][y]} << 2U;
      for (std::size_t z = 0; z <= last; ++z) *row++ = (*line[step[2][z]])[begin + place[2][z]];
    }
  }
}

}  // namespace ptattn
