#pragma once

#include <cstddef>
#include <cstdint>

#include "ptattn/nn/kernels/int8_matrix.hpp"

namespace ptattn {

/// Represents the tile registers of AMX on the calling thread, set up for one shape of 8-bit
/// products as long as this lives. On x86-64 only, and where uses_amx().
class AmxTiles {
 public:
  static constexpr std::size_t kRows = 32;   ///< of a product
  static constexpr std::size_t kDepth = 64;  ///< terms of a step

  AmxTiles();
  ~AmxTiles();
  AmxTiles(const AmxTiles&) = delete;
  AmxTiles& operator=(const AmxTiles&) = delete;

  /// sums[i, j] = sum_k a[i, k] b[k, j], exact, for kRows rows and all columns of one panel.
  /// @param a      [kRows, depth] unsigned bytes, rows packed
  /// @param depth  a multiple of kDepth
  /// @param panel  of an Int8Matrix of that depth
  /// @param sums   [kRows, Int8Matrix::kPanel], rows packed
  /// Time: 1024 multiply-adds a cycle at best.
  void multiply(const std::uint8_t* a, std::size_t depth, const std::int8_t* panel,
                std::int32_t* sums) const;
};

}  // namespace ptattn
