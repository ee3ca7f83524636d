#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/nn/kernels/int8_matrix.hpp"

namespace ptattn {

/// Views rows of unsigned 7-bit numbers, the left-hand side of a product:
///
///   x[i, k] ~ scale[i] (data[i, k] - zero[i]),   data in [0, 127]
struct ByteRowsView {
  const std::uint8_t* data = nullptr;
  std::size_t rows = 0;
  std::size_t depth = 0;  ///< a multiple of Int8Matrix::kStep
  const float* scale = nullptr;
  const std::int32_t* zero = nullptr;

  [[nodiscard]] const std::uint8_t* row(std::size_t i) const { return data + i * depth; }
  [[nodiscard]] ByteRowsView rows_range(std::size_t begin, std::size_t count) const {
    return {row(begin), count, depth, scale + begin, zero + begin};
  }
};

/// Represents the writable counterpart of ByteRowsView. Rows keep zeros behind their `cols`
/// numbers, which meet the zeros of the weights.
struct MutableByteRowsView {
  std::uint8_t* data = nullptr;
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t depth = 0;
  float* scale = nullptr;
  std::int32_t* zero = nullptr;

  [[nodiscard]] std::uint8_t* row(std::size_t i) const { return data + i * depth; }
  operator ByteRowsView() const { return {data, rows, depth, scale, zero}; }  // NOLINT: as said
};

/// Returns such rows in memory of `scratch`; what lies behind their numbers is zero, the rest
/// uninitialised.
[[nodiscard]] inline MutableByteRowsView byte_rows(std::size_t rows, std::size_t cols,
                                                   ScratchMemory& scratch) {
  const std::size_t depth = (cols + Int8Matrix::kStep - 1) / Int8Matrix::kStep * Int8Matrix::kStep;
  const MutableByteRowsView out{scratch.take<std::uint8_t>(rows * depth).data(),
                                rows,
                                cols,
                                depth,
                                scratch.take<float>(rows).data(),
                                scratch.take<std::int32_t>(rows).data()};
  for (std::size_t i = 0; i < rows; ++i) std::fill(out.row(i) + cols, out.row(i) + depth, 0);
  return out;
}

/// Copies the rows with the given indices, in that order, to the first rows of `out`, on the
/// calling thread.
/// @param out  of the same depth, at least so many rows
/// @return     those rows
inline ByteRowsView copy_rows(const ByteRowsView& x, std::span<const std::uint32_t> indices,
                              const MutableByteRowsView& out) {
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const std::uint8_t* const from = x.row(indices[i]);
    for (std::size_t k = 0; k < x.depth; k += Int8Matrix::kStep) {
      std::memcpy(out.row(i) + k, from + k, Int8Matrix::kStep);
    }
    out.scale[i] = x.scale[indices[i]];
    out.zero[i] = x.zero[indices[i]];
  }
  return ByteRowsView(out).rows_range(0, indices.size());
}

}  // namespace ptattn
