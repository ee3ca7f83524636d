#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// Right-hand side of a matrix product, [rows, cols], in the order in which the kernel reads it.
///
/// Panels of kPanel columns follow one another; inside a panel, row after row, kPanel floats each.
/// The last panel is filled up with zeros.
class PackedMatrix {
 public:
  /// Two vectors of 512 bits, a multiple of all narrower ones: the layout fits every CPU.
  static constexpr std::size_t kPanel = 32;

  PackedMatrix() = default;
  /// From b [rows, cols].
  [[nodiscard]] static PackedMatrix from_rows(MatrixView b);
  /// From the transpose: `b` [cols, rows], as PyTorch stores the weights of a linear layer.
  [[nodiscard]] static PackedMatrix from_transposed(MatrixView b);

  /// The blocks of `height` rows whose numbers are listed, one below the other.
  /// @param blocks  each below rows() / height
  [[nodiscard]] PackedMatrix row_blocks(std::span<const std::uint32_t> blocks,
                                        std::size_t height) const;

  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t cols() const { return cols_; }
  [[nodiscard]] std::size_t panels() const { return (cols_ + kPanel - 1) / kPanel; }
  [[nodiscard]] const float* panel(std::size_t p) const {
    return data_.data() + p * kPanel * rows_;
  }

 private:
  PackedMatrix(std::size_t rows, std::size_t cols);

  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
  Matrix data_;  // [panels * rows, kPanel]
};

}  // namespace ptattn
