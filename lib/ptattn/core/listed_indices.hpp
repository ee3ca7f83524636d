#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ptattn/core/parallel.hpp"
#include "ptattn/core/scratch_memory.hpp"

namespace ptattn {

/// Returns the i of [0, n) for which `is_listed(i)`, ascending, found in parallel.
/// @param n          below 2^32
/// @param is_listed  asked twice for each i
/// @return           in memory of `scratch`
template <class IsListed>
[[nodiscard]] std::span<std::uint32_t> listed_indices(std::size_t n, const IsListed& is_listed,
                                                      ScratchMemory& scratch) {
  constexpr std::size_t kBlock = 8192;
  const std::size_t blocks = (n + kBlock - 1) / kBlock;
  const std::span<std::uint32_t> offsets = scratch.take<std::uint32_t>(blocks + 1);
  const auto of_block = [&](std::size_t b, const auto& body) {
    const std::size_t end = b * kBlock + kBlock < n ? b * kBlock + kBlock : n;
    for (std::size_t i = b * kBlock; i < end; ++i) {
      if (is_listed(i)) body(static_cast<std::uint32_t>(i));
    }
  };
  offsets[0] = 0;
  parallel_each(blocks, 1, [&](std::size_t b) {
    std::uint32_t count = 0;
    of_block(b, [&](std::uint32_t) { ++count; });
    offsets[b + 1] = count;
  });
  for (std::size_t b = 0; b < blocks; ++b) offsets[b + 1] += offsets[b];
  const std::span<std::uint32_t> indices = scratch.take<std::uint32_t>(offsets[blocks]);
  parallel_each(blocks, 1, [&](std::size_t b) {
    std::uint32_t* next = indices.data() + offsets[b];
    of_block(b, [&](std::uint32_t i) { *next++ = i; });
  });
  return indices;
}

}  // namespace ptattn
