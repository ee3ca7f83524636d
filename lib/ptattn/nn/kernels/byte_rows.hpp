#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

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

/// Owner of such rows. What the constructor fills in is zero; rows keep zeros behind their `cols`
/// numbers, which meet the zeros of the weights.
class ByteRows {
 public:
  ByteRows() = default;
  ByteRows(std::size_t rows, std::size_t cols)
      : rows_(rows),
        cols_(cols),
        depth_((cols + Int8Matrix::kStep - 1) / Int8Matrix::kStep * Int8Matrix::kStep),
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

 private:
  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
  std::size_t depth_ = 0;
  std::vector<std::uint8_t> data_;
  std::vector<float> scale_;
  std::vector<std::int32_t> zero_;
};

}  // namespace ptattn
