#include "ptattn/sampling/sort_order.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <numeric>
#include <utility>

#include "ptattn/core/parallel.hpp"

namespace ptattn {
namespace {

constexpr unsigned kDigitBits = 11;
constexpr std::size_t kDigits = std::size_t{1} << kDigitBits;
constexpr std::size_t kBlock = 32768;  // items of a task; its counters are small against them

struct Item {
  std::uint64_t key;
  std::uint32_t index;
};

using Counters = std::array<std::uint32_t, kDigits>;

std::size_t digit(std::uint64_t key, unsigned shift) {
  return key >> shift & (kDigits - 1);
}

/// Turns the counts of every block into the place of its first item with that digit.
void to_places(std::span<Counters> counters) {
  std::uint32_t place = 0;
  for (std::size_t d = 0; d < kDigits; ++d) {
    for (Counters& block : counters) place += std::exchange(block[d], place);
  }
}

/// One stable pass by the digit at `shift`.
void distribute(std::span<const Item> from, std::span<Item> to, unsigned shift,
                std::span<Counters> counters) {
  const auto each_block = [&](const auto& body) {
    parallel_each(counters.size(), 1, [&](std::size_t b) {
      const std::size_t begin = b * kBlock;
      body(counters[b], from.subspan(begin, std::min(kBlock, from.size() - begin)));
    });
  };
  each_block([&](Counters& counts, std::span<const Item> items) {
    counts.fill(0);
    for (const Item& item : items) ++counts[digit(item.key, shift)];
  });
  to_places(counters);
  each_block([&](Counters& places, std::span<const Item> items) {
    for (const Item& item : items) to[places[digit(item.key, shift)]++] = item;
  });
}

}  // namespace

std::vector<std::uint32_t> sort_order(std::span<const std::uint64_t> keys) {
  const std::size_t n = keys.size();
  const auto buffers = std::make_unique_for_overwrite<Item[]>(2 * n);
  std::span<Item> items{buffers.get(), n};
  std::span<Item> other{buffers.get() + n, n};
  std::vector<Counters> counters((n + kBlock - 1) / kBlock);
  std::vector<std::uint64_t> varying(counters.size());  // bits, by block
  parallel_each(counters.size(), 1, [&](std::size_t b) {
    for (std::size_t i = b * kBlock; i < std::min((b + 1) * kBlock, n); ++i) {
      items[i] = {keys[i], static_cast<std::uint32_t>(i)};
      varying[b] |= keys[i] ^ keys[0];
    }
  });
  const std::uint64_t all_varying =
      std::accumulate(varying.begin(), varying.end(), std::uint64_t{0}, std::bit_or<>());
  for (unsigned shift = 0; shift < 64; shift += kDigitBits) {
    if (digit(all_varying, shift) == 0) continue;
    distribute(items, other, shift, counters);
    std::swap(items, other);
  }
  std::vector<std::uint32_t> order(n);
  parallel_each(n, kBlock, [&](std::size_t i) { order[i] = items[i].index; });
  return order;
}

}  // namespace ptattn
