#include "ptattn/sampling/sort_order.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <numeric>
#include <utility>

#include "ptattn/core/listed_indices.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/scratch_memory.hpp"

namespace ptattn {
namespace {

constexpr unsigned kDigitBits = 11;
constexpr std::size_t kDigits = std::size_t{1} << kDigitBits;
constexpr std::size_t kBlock = 32768;  // items of a task; its counters are small against them
constexpr std::size_t kGroupsPerTask = 64;

struct Item {
  std::uint64_t key;
  std::uint32_t index;
};

using Counters = std::array<std::uint32_t, kDigits>;

std::size_t block_count(std::size_t n) {
  return (n + kBlock - 1) / kBlock;
}

std::size_t digit(std::uint64_t key, unsigned shift) {
  return key >> shift & (kDigits - 1);
}

/// Turns the counts of every block into the offset of its first item with that digit.
void to_places(std::span<Counters> counters) {
  std::uint32_t offset = 0;
  for (std::size_t d = 0; d < kDigits; ++d) {
    for (Counters& block : counters) offset += std::exchange(block[d], offset);
  }
}

/// Calls body(block, begin, end) for every block of n items, in parallel.
template <class Body>
void each_block(std::size_t n, const Body& body) {
  parallel_each(block_count(n), 1,
                [&](std::size_t b) { body(b, b * kBlock, std::min((b + 1) * kBlock, n)); });
}

/// One stable pass by the digit at `shift`.
void distribute(std::span<const Item> from, std::span<Item> to, unsigned shift,
                std::span<Counters> counters) {
  each_block(from.size(), [&](std::size_t b, std::size_t begin, std::size_t end) {
    Counters& counts = counters[b];
    counts.fill(0);
    for (std::size_t i = begin; i < end; ++i) ++counts[digit(from[i].key, shift)];
  });
  to_places(counters);
  each_block(from.size(), [&](std::size_t b, std::size_t begin, std::size_t end) {
    Counters& offsets = counters[b];
    for (std::size_t i = begin; i < end; ++i) to[offsets[digit(from[i].key, shift)]++] = from[i];
  });
}

/// Keys with their indices, in order. Takes from `scratch`, which must live longer.
class SortedItems {
 public:
  SortedItems(std::span<const std::uint64_t> keys, ScratchMemory& scratch)
      : items_(scratch.take<Item>(keys.size())) {
    std::span<Item> other = scratch.take<Item>(keys.size());
    const std::uint64_t varying = take(keys);
    const auto counters = scratch.take<Counters>(varying == 0 ? 0 : block_count(keys.size()));
    for (unsigned shift = 0; shift < 64; shift += kDigitBits) {
      if (digit(varying, shift) == 0) continue;
      distribute(items_, other, shift, counters);
      std::swap(items_, other);
    }
  }

  void write_indices(std::span<std::uint32_t> order) const {
    parallel_each(order.size(), kBlock, [&](std::size_t i) { order[i] = items_[i].index; });
  }

  /// Where items begin whose key is another than that of the one before, and the end.
  /// @return  groups
  std::size_t write_begins(std::span<std::uint32_t> begins) const {
    ScratchMemory scratch;
    const auto listed = listed_indices(
        items_.size(), [&](std::size_t i) { return i == 0 || items_[i].key != items_[i - 1].key; },
        scratch);
    parallel_each(listed.size(), kBlock, [&](std::size_t i) { begins[i] = listed[i]; });
    begins[listed.size()] = static_cast<std::uint32_t>(items_.size());
    return listed.size();
  }

 private:
  /// Copies the keys; the bits that are not the same in all of them, none where they ascend.
  std::uint64_t take(std::span<const std::uint64_t> keys) {
    ScratchMemory scratch;
    const auto varying = scratch.take<std::uint64_t>(block_count(keys.size()));  // by block
    const auto ascends = scratch.take<std::uint8_t>(varying.size());
    std::ranges::fill(varying, 0U);
    std::ranges::fill(ascends, std::uint8_t{1});
    each_block(keys.size(), [&](std::size_t b, std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        items_[i] = {keys[i], static_cast<std::uint32_t>(i)};
        varying[b] |= keys[i] ^ keys[0];
        if (i > 0 && keys[i] < keys[i - 1]) ascends[b] = 0;
      }
    });
    if (std::ranges::count(ascends, 0) == 0) return 0;
    return std::accumulate(varying.begin(), varying.end(), std::uint64_t{0}, std::bit_or<>());
  }

  std::span<Item> items_;
};

}  // namespace

std::vector<std::uint32_t> sort_order(std::span<const std::uint64_t> keys) {
  std::vector<std::uint32_t> order(keys.size());
  sort_order(keys, order);
  return order;
}

void sort_order(std::span<const std::uint64_t> keys, std::span<std::uint32_t> order) {
  ScratchMemory scratch;
  SortedItems(keys, scratch).write_indices(order);
}

std::size_t group_order(std::span<const std::uint64_t> keys, std::span<std::uint32_t> items,
                        std::span<std::uint32_t> begins) {
  ScratchMemory scratch;
  const SortedItems sorted(keys, scratch);
  sorted.write_indices(items);
  return sorted.write_begins(begins);
}

void group_of_items(std::span<const std::uint32_t> items, std::span<const std::uint32_t> begins,
                    std::span<std::uint32_t> groups) {
  parallel_each(begins.size() - 1, kGroupsPerTask, [&](std::size_t group) {
    for (std::size_t i = begins[group]; i < begins[group + 1]; ++i) {
      groups[items[i]] = static_cast<std::uint32_t>(group);
    }
  });
}

GroupOrder group_order(std::span<const std::uint64_t> keys) {
  GroupOrder order{RawVector<std::uint32_t>(keys.size()),
                   RawVector<std::uint32_t>(keys.size() + 1)};
  order.begins.resize(group_order(keys, order.items, order.begins) + 1);
  return order;
}

}  // namespace ptattn
