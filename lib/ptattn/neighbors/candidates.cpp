#include "ptattn/neighbors/candidates.hpp"

#include <algorithm>

namespace ptattn {

Candidates::Candidates(std::size_t capacity, ScratchMemory& scratch)
    : distances(scratch.take<float>(capacity + kPackLanes)),
      indices(scratch.take<std::uint32_t>(capacity + kPackLanes)),
      keys(scratch.take<std::int64_t>(capacity + kPackLanes)),
      ranks(scratch.take<std::int64_t>(capacity + kPackLanes)) {}

void Candidates::compute_keys() const {
  for (std::size_t i = 0; i < size; ++i) {
    keys[i] = static_cast<std::int64_t>(neighbor_key(distances[i], indices[i]));
  }
}

void Candidates::keep_best(std::size_t k) {
  compute_keys();
  const auto first = keys.begin();
  const auto kth = first + static_cast<std::ptrdiff_t>(k);
  const auto last = first + static_cast<std::ptrdiff_t>(size);
  std::nth_element(first, kth - 1, last);
  std::sort(first, kth);
  for (std::size_t i = 0; i < k; ++i) {
    const auto key = static_cast<std::uint64_t>(keys[i]);
    distances[i] = std::bit_cast<float>(static_cast<std::uint32_t>(key >> 32));
    indices[i] = static_cast<std::uint32_t>(key);
  }
  size = k;
}

}  // namespace ptattn
