#include "ptattn/neighbors/voxel_hash.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cassert>
#include <optional>
#include <string>

#include "ptattn/core/error.hpp"
#include "ptattn/core/listed_indices.hpp"
#include "ptattn/core/parallel.hpp"

namespace ptattn {
namespace {

constexpr std::uint64_t kEmpty = ~std::uint64_t{0};
constexpr unsigned kBlockShift = 2;  // a block's side is 4
constexpr std::uint32_t kInside = 3;
constexpr std::size_t kRunsPerTask = 256;

Cell block_of(const Cell& cell) {
  return {cell[0] >> kBlockShift, cell[1] >> kBlockShift, cell[2] >> kBlockShift};
}

/// Returns the position of a cell in its block, z fastest.
std::size_t place_of(const Cell& cell) {
  return (cell[0] & kInside) << 4U | (cell[1] & kInside) << 2U | (cell[2] & kInside);
}

/// `count` values in memory of `scratch`, or, without it, of `own`.
template <class T>
std::span<T> room(std::size_t count, ScratchMemory* scratch, std::unique_ptr<T[]>& own) {
  if (scratch != nullptr) return scratch->take<T>(count);
  own = std::make_unique_for_overwrite<T[]>(count);
  return {own.get(), count};
}

/// value <- min(value, other), whichever threads do so at once.
void lower(std::uint32_t& value, std::uint32_t other) {
  const std::atomic_ref shared(value);
  std::uint32_t seen = shared.load(std::memory_order_relaxed);
  while (other < seen && !shared.compare_exchange_weak(seen, other, std::memory_order_relaxed)) {
  }
}

}  // namespace

VoxelHash::VoxelHash(std::span<const Cell> cells, std::span<const std::size_t> ends) {
  build({cells, ends}, nullptr);
}

VoxelHash::VoxelHash(std::span<const Cell> cells, std::span<const std::size_t> ends,
                     ScratchMemory& scratch) {
  build({cells, ends}, &scratch);
}

void VoxelHash::build(const Rows& rows, ScratchMemory* scratch) {
  const std::span<const Cell> cells = rows.cells;
  const std::span<const std::size_t> ends = rows.ends;
  const auto largest = largest_of(cells.size(), std::uint32_t{0},
                                  [&](std::size_t i) { return std::ranges::max(cells[i]); });
  block_bits_ = static_cast<unsigned>(std::bit_width(largest >> kBlockShift));
  if (3 * block_bits_ + static_cast<unsigned>(std::bit_width(ends.size())) > 63) {
    throw Error(Fault::kUsage, "voxels",
                std::to_string(ends.size()) + " clouds reach voxel " + std::to_string(largest) +
                    ", expected less");
  }
  std::optional<ScratchMemory> of_this_call;
  if (scratch == nullptr) of_this_call.emplace();
  const auto runs = runs_of(rows, scratch != nullptr ? *scratch : *of_this_call);
  // At most half full, so that chains stay short.
  const auto slots =
      room(std::bit_ceil(std::max<std::size_t>(2, 2 * runs.size())), scratch, own_slots_);
  const auto blocks = room(enter(rows, runs, slots), scratch, own_blocks_);
  fill(rows, runs, blocks);
}

std::span<const std::uint32_t> VoxelHash::runs_of(const Rows& rows, ScratchMemory& scratch) const {
  return listed_indices(
      rows.cells.size(),
      [&](std::size_t i) { return i == 0 || key_of(rows, i) != key_of(rows, i - 1); }, scratch);
}

std::size_t VoxelHash::enter(const Rows& rows, std::span<const std::uint32_t> runs,
                             std::span<Slot> slots) {
  shift_ = 64U - static_cast<unsigned>(std::bit_width(slots.size() - 1));
  slots_ = slots;
  std::ranges::fill(slots, Slot{kEmpty, 0});
  std::uint32_t blocks = 0;
  for (const std::uint32_t row : runs) {
    const std::uint64_t key = key_of(rows, row);
    Slot& slot = slots[slot_of(key)];
    if (slot.key == kEmpty) slot = {key, blocks++};
  }
  return blocks;
}

void VoxelHash::fill(const Rows& rows, std::span<const std::uint32_t> runs,
                     std::span<Block> blocks) {
  blocks_ = blocks;
  parallel_each(blocks.size(), kRunsPerTask, [&](std::size_t b) { blocks[b].fill(kNoIndex); });
  parallel_each(runs.size(), kRunsPerTask, [&](std::size_t r) {
    Block& block = blocks[slots_[slot_of(key_of(rows, runs[r]))].block];
    const auto end =
        r + 1 < runs.size() ? runs[r + 1] : static_cast<std::uint32_t>(rows.cells.size());
    for (std::uint32_t row = runs[r]; row < end; ++row)
      lower(block[place_of(rows.cells[row])], row);
  });
}

std::uint64_t VoxelHash::key_of(const Rows& rows, std::size_t row) const {
  const auto cloud = std::ranges::upper_bound(rows.ends, row) - rows.ends.begin();
  return key(static_cast<std::size_t>(cloud), block_of(rows.cells[row]));
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
  return block == nullptr ? kNoIndex : (*block)[place_of(cell)];
}

void VoxelHash::Cursor::go_to(std::size_t cloud, const std::array<int, 3>& block) {
  if (cloud == cloud_ && block == center_) return;
  cloud_ = cloud;
  center_ = block;
  around_.fill(nullptr);
}

VoxelHash::Cursor::AxisPlaces::AxisPlaces(int first, int width, int center) {
  for (int t = 0; t < width; ++t) {
    const auto at = static_cast<std::size_t>(t);
    step[at] = static_cast<std::uint8_t>(((first + t) >> kBlockShift) - center + 1);
    inside[at] = static_cast<std::uint8_t>((first + t) & int{kInside});
  }
}

void VoxelHash::Cursor::look_up(const std::array<AxisPlaces, 3>& places, std::size_t last) {
  static const Block kNowhere = [] {
    Block block;
    block.fill(kNoIndex);
    return block;
  }();
  const auto& [x, y, z] = places;
  const auto at = [](int center, int step) { return center + step - 1; };
  for (int i = x.step[0]; i <= x.step[last]; ++i) {
    for (int j = y.step[0]; j <= y.step[last]; ++j) {
      for (int k = z.step[0]; k <= z.step[last]; ++k) {
        const Block*& block = around_[static_cast<std::size_t>(9 * i + 3 * j + k)];
        if (block != nullptr) continue;
        block = hash_.block_at(cloud_, {at(center_[0], i), at(center_[1], j), at(center_[2], k)});
        if (block == nullptr) block = &kNowhere;
      }
    }
  }
}

void VoxelHash::Cursor::window(std::size_t cloud, const Cell& cell, int radius,
                               std::span<std::uint32_t> rows) {
  assert(radius >= 0 && radius <= kMaxRadius);
  const int width = 2 * radius + 1;
  assert(rows.size() == static_cast<std::size_t>(width * width * width));
  const auto [cx, cy, cz] = block_of(cell);
  go_to(cloud, {static_cast<int>(cx), static_cast<int>(cy), static_cast<int>(cz)});
  const auto along = [&](std::size_t axis) {
    return AxisPlaces(static_cast<int>(cell[axis]) - radius, width, center_[axis]);
  };
  const std::array places{along(0), along(1), along(2)};
  const auto last = static_cast<std::size_t>(width - 1);
  look_up(places, last);
  const auto& [of_x, of_y, of_z] = places;
  std::uint32_t* row = rows.data();
  for (std::size_t x = 0; x <= last; ++x) {
    for (std::size_t y = 0; y <= last; ++y) {
      const Block* const* const line =
          around_.data() + std::size_t{9} * of_x.step[x] + std::size_t{3} * of_y.step[y];
      const std::size_t begin = std::size_t{of_x.inside[x]} << 4U | std::size_t{of_y.inside[y]}
                                                                        << 2U;
      for (std::size_t z = 0; z <= last; ++z) {
        *row++ = (*line[of_z.step[z]])[begin + of_z.inside[z]];
      }
    }
  }
}

}  // namespace ptattn
