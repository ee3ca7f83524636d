#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/nn/kernels/int8_matrix.hpp"

namespace ptattn {

/// Read-only window on rows of unsigned 7-bit numbers, the left-hand side of a product:
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

/// The writable counterpart of ByteRowsView. Rows keep zeros behind their `cols` numbers, which
/// meet the zeros of the weights.
struct MutableByteRowsView {
  std::uint8_t* data = nullptr;
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t depth = 0;
  float* scale = nullptr;
  std::int32_t* zero = nullptr;

  [[nodiscard]] static std::size_t depth_for(std::size_t cols) {
    return (cols + Int8Matrix::kStep - 1) / Int8Matrix::kStep * Int8Matrix::kStep;
  }
  [[nodiscard]] std::uint8_t* row(std::size_t i) const { return data + i * depth; }
  operator ByteRowsView() const { return {data, rows, depth, scale, zero}; }  // NOLINT: as said
};

/// Such rows in memory of `scratch`; what lies behind their numbers is zero, the rest
/// uninitialised.
[[nodiscard]] inline MutableByteRowsView byte_rows(std::size_t rows, std::size_t cols,
                                                   ScratchMemory& scratch) {
  const std::size_t depth = MutableByteRowsView::depth_for(cols);
  const MutableByteRowsView out{scratch.take<std::uint8_t>(rows * depth).data(),
                                rows,
                                cols,
                                depth,
                                scratch.take<float>(rows).data(),
                                scratch.take<std::int32_t>(rows).data()};
  for (std::size_t i = 0; i < rows; ++i) std::fill(out.row(i) + cols, out.row(i) + depth, 0);
  return out;
}

/// Owner of such rows, all zero at first.
class ByteRows {
 public:
  ByteRows() = default;
  ByteRows(std::size_t rows, std::size_t cols)
      : rows_(rows),
        cols_(cols),
        depth_(MutableByteRowsView::depth_for(cols)),
        data_(rows * depth_),
        scale_(rows),
        zero_(rows) {}

  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t cols() const { return cols_; }
  [[nodiscard]] std::uint8_t* row(std::size_t i) { return data_.data() + i * depth_; }
  [[nodiscard]] float& scale(std::size_t i) { return scale_[i]; }
  [[nodiscard]] std::int32_t& zero(std::size_t i) { return zero_[i]; }
  [[nodiscard]] ByteRowsView view() const {
    return {data_.data(), rows_, depth_, scale_.data(), zero_.data()};
  }
  operator MutableByteRowsView() {  // NOLINT: outputs are views
    return {data_.data(), rows_, cols_, depth_, scale_.data(), zero_.data()};
  }

 private:
  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
  std::size_t depth_ = 0;
  std::vector<std::uint8_t> data_;
  std::vector<float> scale_;
  std::vector<std::int32_t> zero_;
};

}  // namespace ptattn
