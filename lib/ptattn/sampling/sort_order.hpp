#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ptattn {

/// The indices of `keys` in the order of ascending keys; equal keys in the order of their indices.
///
/// Parallel radix sort, eleven bits a pass, over the bits that are not the same in all keys; none
/// where the keys ascend already.
/// @param keys  [n], n < 2^32
/// @return      [n]
/// Time O(n) a pass, memory 32 n bytes of the thread's ScratchMemory; the same result for any
/// thread count.
[[nodiscard]] std::vector<std::uint32_t> sort_order(std::span<const std::uint64_t> keys);
/// The same, written to `order` [n].
void sort_order(std::span<const std::uint64_t> keys, std::span<std::uint32_t> order);

/// Items group by group.
struct GroupOrder {
  std::vector<std::uint32_t> items;  ///< [n]
  std::vector<std::size_t> begins;   ///< [groups + 1] where each group begins in `items`

  [[nodiscard]] std::size_t size() const { return begins.size() - 1; }
  [[nodiscard]] std::span<const std::uint32_t> operator[](std::size_t group) const {
    return std::span(items).subspan(begins[group], begins[group + 1] - begins[group]);
  }
};

/// Gathers items of equal keys: groups in the order of ascending keys, the items of a group
/// ascending. As sort_order otherwise.
[[nodiscard]] GroupOrder group_order(std::span<const std::uint64_t> keys);

/// The group of every item, [n]. Time O(n), parallel.
[[nodiscard]] std::vector<std::uint32_t> group_of_items(const GroupOrder& order);

}  // namespace ptattn
