#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/neighbors/point_pack.hpp"

namespace ptattn {

/// Orders neighbours: by squared distance (not negative), then by index. The bit patterns of such
/// floats order like their values, and the key stays below 2^63.
[[nodiscard]] constexpr std::uint64_t neighbor_key(float distance, std::uint32_t index) {
  return std::uint64_t{std::bit_cast<std::uint32_t>(distance)} << 32 | index;
}

/// Holds what a candidate must beat: be nearer, or as near with a lower index. The default admits
/// every point and no unused lane.
struct Worst {
  float distance = std::numeric_limits<float>::infinity();
  std::uint32_t index = kNoIndex;

  [[nodiscard]] std::uint64_t key() const { return neighbor_key(distance, index); }
};

/// By the bits of a mask of eight lanes: the numbers of the lanes that are set, lowest first, four
/// bits each; then zeros.
inline constexpr std::array<std::uint32_t, 256> kLanesOfBits = [] {
  std::array<std::uint32_t, 256> lanes{};
  for (std::uint32_t bits = 0; bits < lanes.size(); ++bits) {
    unsigned place = 0;
    for (std::uint32_t lane = 0; lane < 8; ++lane) {
      if ((bits >> lane & 1U) != 0) lanes[bits] |= lane << 4 * place++;
    }
  }
  return lanes;
}();

/// Points that may be among the k nearest, and room to order them.
struct Candidates {
  /// Room for `capacity` candidates and for the whole vectors that kernels store behind the last.
  /// @param scratch  has the memory, and must live longer
  Candidates(std::size_t capacity, ScratchMemory& scratch);

  /// Fills `keys`, for vector code (hence signed) and for keep_best.
  void compute_keys() const;
  /// Keeps the k <= size best, best first.
  void keep_best(std::size_t k);

  std::size_t size = 0;
  std::span<float> distances;  ///< squared
  std::span<std::uint32_t> indices;
  std::span<std::int64_t> keys;
  std::span<std::int64_t> ranks;
};

}  // namespace ptattn
