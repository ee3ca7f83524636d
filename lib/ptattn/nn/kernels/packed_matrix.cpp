#include "ptattn/nn/kernels/packed_matrix.hpp"

#include <algorithm>
#include <utility>

#include "ptattn/nn/kernels/int8_matrix.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kPanel = PackedMatrixView::kPanel;

std::size_t floats_of(std::size_t rows, std::size_t cols) {
  return (cols + kPanel - 1) / kPanel * kPanel * rows;
}

/// Zeros in the columns that only the last panel has.
void fill_up(MutablePackedMatrixView m) {
  const std::size_t filling = m.panels() * kPanel - m.cols;
  if (filling == 0) return;
  const MutableMatrixView last = m.columns_of(m.panels() - 1);
  for (std::size_t k = 0; k < m.rows; ++k) std::fill_n(last.row(k) + m.cols, filling, 0.0F);
}

/// Calls body(columns, first, width) for every panel, whose columns are [first, first + width).
template <class Body>
void for_each_panel(MutablePackedMatrixView m, const Body& body) {
  for (std::size_t p = 0; p < m.panels(); ++p) {
    body(m.columns_of(p), p * kPanel, std::min(kPanel, m.cols - p * kPanel));
  }
}

/// Writes the panels of b in words of two rows.
void round_panels(PackedMatrixView b, float* words) {
  const std::size_t depth = bf16_words(b.rows);
  for (std::size_t p = 0; p < b.panels(); ++p) {
    round_row_pairs(MatrixView{b.panel(p), b.rows, kPanel, kPanel},
                    MutableMatrixView{words + p * depth * kPanel, depth, kPanel, kPanel});
  }
}

}  // namespace

PackedMatrixView rounded_to_bf16(PackedMatrixView b, ScratchMemory& scratch) {
  const auto words = scratch.take<float>(floats_of(bf16_words(b.rows), b.cols));
  round_panels(b, words.data());
  return {words.data(), b.rows, b.cols, true, nullptr};
}

void pack(MatrixView b, MutablePackedMatrixView out) {
  for_each_panel(out, [&](MutableMatrixView columns, std::size_t first, std::size_t width) {
    for (std::size_t k = 0; k < b.rows; ++k) {
      std::copy_n(b.row(k) + first, width, columns.row(k) + first);
    }
  });
}

void pack_transpose(MatrixView b, MutablePackedMatrixView out) {
  for_each_panel(out, [&](MutableMatrixView columns, std::size_t first, std::size_t width) {
    for (std::size_t j = first; j < first + width; ++j) {
      const float* in = b.row(j);
      for (std::size_t k = 0; k < b.cols; ++k) columns(k, j) = in[k];
    }
  });
}

MutablePackedMatrixView packed_matrix(std::size_t rows, std::size_t cols, ScratchMemory& scratch) {
  const MutablePackedMatrixView m{scratch.take<float>(floats_of(rows, cols)).data(), rows, cols};
  fill_up(m);
  return m;
}

PackedMatrixView packed_transpose(MatrixView b, ScratchMemory& scratch) {
  const MutablePackedMatrixView packed = packed_matrix(b.cols, b.rows, scratch);
  pack_transpose(b, packed);
  return packed;
}

PackedMatrixView packed_rows(PackedMatrixView b, std::size_t begin, std::size_t count,
                             ScratchMemory& scratch) {
  const std::size_t first = b.is_bf16 ? begin / 2 : begin;
  const std::size_t depth = b.is_bf16 ? bf16_words(count) : count;
  const auto rows = scratch.take<float>(floats_of(depth, b.cols));
  for (std::size_t p = 0; p < b.panels(); ++p) {
    std::copy_n(b.panel(p) + first * kPanel, depth * kPanel, rows.data() + p * depth * kPanel);
  }
  return {rows.data(), count, b.cols, b.is_bf16, nullptr};
}

PackedMatrix::PackedMatrix(std::size_t rows, std::size_t cols)
    : rows_(rows), cols_(cols), data_(1, floats_of(rows, cols)) {
  fill_up(floats());
}

void PackedMatrix::round_to_bf16() {
  Matrix words(1, floats_of(bf16_words(rows_), cols_));
  round_panels(*this, words.data());
  data_ = std::move(words);
  is_bf16_ = true;
}

void PackedMatrix::quantize() {
  int8_ = std::make_shared<const Int8Matrix>(*this);
  data_ = Matrix();
}

PackedMatrix PackedMatrix::from_rows(MatrixView b) {
  PackedMatrix packed(b.rows, b.cols);
  pack(b, packed.floats());
  return packed;
}

PackedMatrix PackedMatrix::from_transposed(MatrixView b) {
  PackedMatrix packed(b.cols, b.rows);
  pack_transpose(b, packed.floats());
  return packed;
}

}  // namespace ptattn
