#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ptattn {

/// The indices of `keys` in the order of ascending keys; equal keys in the order of their indices.
///
/// Parallel radix sort, eleven bits a pass, over the bits that are not the same in all keys.
/// @param keys  [n], n < 2^32
/// @return      [n]
/// Time O(n) a pass, memory 32 n bytes; the same result for any thread count.
[[nodiscard]] std::vector<std::uint32_t> sort_order(std::span<const std::uint64_t> keys);

}  // namespace ptattn
