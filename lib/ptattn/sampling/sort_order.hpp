#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ptattn/core/raw_vector.hpp"

namespace ptattn {

/// Returns the indices of `keys` in the order of ascending keys; equal keys in the order of their
/// indices.
///
/// Parallel radix sort, eleven bits a pass, over the bits that are not the same in all keys; none
/// where the keys ascend already.
/// @param keys  [n], n < 2^32
/// @return      [n]
/// Time O(n) a pass, memory 32 n bytes of the thread's ScratchMemory; the same result for any
/// thread count.
[[nodiscard]] std::vector<std::uint32_t> sort_order(std::span<const std::uint64_t> keys);
/// Writes the same order to `order` [n].
void sort_order(std::span<const std::uint64_t> keys, std::span<std::uint32_t> order);

/// Gathers items of equal keys: groups in the order of ascending keys, the items of a group
/// ascending. As sort_order otherwise.
/// @param items   [n], written: group by group
/// @param begins  [n + 1], written as far as groups + 1: where each group begins in `items`
/// @return        groups
std::size_t group_order(std::span<const std::uint64_t> keys, std::span<std::uint32_t> items,
                        std::span<std::uint32_t> begins);

/// Writes the group of every item to `groups` [n]. Time O(n), parallel.
/// @param begins  [groups + 1], as of group_order
void group_of_items(std::span<const std::uint32_t> items, std::span<const std::uint32_t> begins,
                    std::span<std::uint32_t> groups);

/// Holds what group_order finds.
struct GroupOrder {
  RawVector<std::uint32_t> items;   ///< [n]
  RawVector<std::uint32_t> begins;  ///< [groups + 1]

  [[nodiscard]] std::size_t size() const { return begins.size() - 1; }
  [[nodiscard]] std::span<const std::uint32_t> operator[](std::size_t group) const {
    return std::span(items).subspan(begins[group], begins[group + 1] - begins[group]);
  }
};
[[nodiscard]] GroupOrder group_order(std::span<const std::uint64_t> keys);

}  // namespace ptattn
