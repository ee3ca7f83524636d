#pragma once

#include <cstddef>

#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// Holds projected keys and values of the positions seen so far, which step-by-step decoding would
/// otherwise compute again at every step. The caller owns it, one for each attention layer and
/// sequence; not safe from several threads.
///
/// Memory grows by doubling: appending n positions one by one copies less than 2 n rows altogether.
class KeyValueCache {
 public:
  [[nodiscard]] std::size_t positions() const { return positions_; }
  [[nodiscard]] MatrixView keys() const {
    return keys_.view().rows_range(0, positions_);
  }  // [n, c]
  [[nodiscard]] MatrixView values() const {
    return values_.view().rows_range(0, positions_);
  }  // [n, c]

  /// Forgets all positions and keeps the memory.
  void clear() { positions_ = 0; }

  struct Rows {
    MutableMatrixView keys;    // [count, c]
    MutableMatrixView values;  // [count, c]
  };
  /// Adds `count` positions, whose keys and values the caller has to write. Views of earlier rows
  /// become invalid.
  /// @throws Error(Fault::kUsage) when the positions so far have a width other than `channels`
  [[nodiscard]] Rows append(std::size_t count, std::size_t channels);

 private:
  Matrix keys_;    // [capacity, c]
  Matrix values_;  // [capacity, c]
  std::size_t positions_ = 0;
};

}  // namespace ptattn
