#pragma once

#include <cstdint>
#include <span>

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/scratch_memory.hpp"

namespace ptattn::train {

/// Holds rows that come together in segments, a view.
struct Segments {
  std::span<const std::uint32_t> members;  ///< [n] rows, segment after segment
  std::span<const std::uint32_t> begins;   ///< [m + 1] into `members`

  [[nodiscard]] std::size_t size() const { return begins.size() - 1; }
  [[nodiscard]] std::span<const std::uint32_t> rows_of(std::size_t segment) const {
    return members.subspan(begins[segment], begins[segment + 1] - begins[segment]);
  }
};

/// Returns out[s, j] = max over rows i of segment s of x[i, j]
/// @param x    [n, c]
/// @param out  [m, c]
/// @return     [m c] the row that each value comes from, the first of equal ones, in memory of
///             `scratch`
/// Parallel over segments, as all of the following; the same bytes for any thread count.
[[nodiscard]] std::span<const std::uint32_t> segment_max(MatrixView x, const Segments& segments,
                                                         MutableMatrixView out,
                                                         ScratchMemory& scratch);

/// The derivatives go where the values came from, all others are zero.
/// @param d_x  [n, c], written
void segment_max_backward(std::span<const std::uint32_t> winners, const Segments& segments,
                          MatrixView d_out, MutableMatrixView d_x);

/// out[s] = sum over rows i of segment s of x[i], in the order of the members.
void segment_sum(MatrixView x, const Segments& segments, MutableMatrixView out);

}  // namespace ptattn::train
