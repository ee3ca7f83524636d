#include "ptattn/nn/kernels/packed_matrix.hpp"

#include <algorithm>

namespace ptattn {

PackedMatrix::PackedMatrix(std::size_t rows, std::size_t cols)
    : rows_(rows), cols_(cols), data_((cols + kPanel - 1) / kPanel * rows, kPanel) {}

PackedMatrix PackedMatrix::from_rows(MatrixView b) {
  PackedMatrix packed(b.rows, b.cols);
  for (std::size_t p = 0; p < packed.panels(); ++p) {
    const std::size_t first = p * kPanel;
    const std::size_t width = std::min(kPanel, b.cols - first);
    for (std::size_t k = 0; k < b.rows; ++k) {
      float* out = packed.data_.row(p * b.rows + k);
      std::copy_n(b.row(k) + first, width, out);
      std::fill(out + width, out + kPanel, 0.0F);
    }
  }
  return packed;
}

PackedMatrix PackedMatrix::from_transposed(MatrixView b) {
  PackedMatrix packed(b.cols, b.rows);
  for (std::size_t p = 0; p < packed.panels(); ++p) {
    const std::size_t first = p * kPanel;
    const std::size_t width = std::min(kPanel, b.rows - first);
    const MutableMatrixView out = packed.data_.view().rows_range(p * b.cols, b.cols);
    for (std::size_t j = 0; j < width; ++j) {
      const float* in = b.row(first + j);
      for (std::size_t k = 0; k < b.cols; ++k) out(k, j) = in[k];
    }
    for (std::size_t k = 0; k < b.cols; ++k)
      std::fill(out.row(k) + width, out.row(k) + kPanel, 0.0F);
  }
  return packed;
}

PackedMatrix PackedMatrix::row_blocks(std::span<const std::uint32_t> blocks,
                                      std::size_t height) const {
  PackedMatrix selected(blocks.size() * height, cols_);
  float* out = selected.data_.data();
  for (std::size_t p = 0; p < panels(); ++p) {
    for (const std::uint32_t block : blocks) {
      out = std::copy_n(panel(p) + block * height * kPanel, height * kPanel, out);
    }
  }
  return selected;
}

}  // namespace ptattn
