#pragma once

#include <cstddef>
#include <memory>

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/nn/kernels/bfloat16.hpp"

namespace ptattn {

class Int8Matrix;

/// Views the right-hand side of a product, [rows, cols], in the order in which the kernel reads
/// it.
///
/// Panels of kPanel columns follow one another; inside a panel, row after row, kPanel floats each.
/// The last panel is filled up with zeros. In bfloat16, two rows share the words of one, as
/// neighbours in a row do in Bf16Rows. In 8 bits, an Int8Matrix takes the place of all that.
struct PackedMatrixView {
  /// Two vectors of 512 bits, a multiple of all narrower ones: the layout fits every CPU.
  static constexpr std::size_t kPanel = 32;

  const float* data = nullptr;
  std::size_t rows = 0;
  std::size_t cols = 0;
  bool is_bf16 = false;
  const Int8Matrix* int8 = nullptr;  ///< with rows() and cols() of this; nullptr: not in 8 bits

  [[nodiscard]] bool is_float32() const { return !is_bf16 && int8 == nullptr; }
  /// Returns the rows of words of a panel.
  [[nodiscard]] std::size_t depth() const { return is_bf16 ? bf16_words(rows) : rows; }
  [[nodiscard]] std::size_t panels() const { return (cols + kPanel - 1) / kPanel; }
  [[nodiscard]] const float* panel(std::size_t p) const { return data + p * kPanel * depth(); }
};

/// Represents the writable counterpart of PackedMatrixView.
struct MutablePackedMatrixView {
  float* data = nullptr;
  std::size_t rows = 0;
  std::size_t cols = 0;

  [[nodiscard]] std::size_t panels() const { return PackedMatrixView(*this).panels(); }
  /// Returns the whole as an ordinary matrix, of which only the columns of panel p may be touched.
  [[nodiscard]] MutableMatrixView columns_of(std::size_t p) const {
    constexpr std::size_t kPanel = PackedMatrixView::kPanel;
    return {rows > 0 ? data + p * kPanel * (rows - 1) : data, rows, cols, kPanel};
  }
  operator PackedMatrixView() const {
    return {data, rows, cols, false, nullptr};
  }  // NOLINT: a view of a view
};

/// Returns such a matrix in memory of `scratch`: the filling is zero, the rest uninitialised.
[[nodiscard]] MutablePackedMatrixView packed_matrix(std::size_t rows, std::size_t cols,
                                                    ScratchMemory& scratch);

/// Packs b into `out`, of the same shape; the filling stays as it is.
void pack(MatrixView b, MutablePackedMatrixView out);
/// Packs the transpose of `b` [cols, rows] into `out`; the filling stays as it is.
void pack_transpose(MatrixView b, MutablePackedMatrixView out);

/// Returns the transpose of `b` [cols, rows] as such a matrix in memory of `scratch`.
[[nodiscard]] PackedMatrixView packed_transpose(MatrixView b, ScratchMemory& scratch);

/// Returns the rows [begin, begin + count) of such a matrix, not in 8 bits, in memory of `scratch`.
/// @param begin  even in bfloat16
[[nodiscard]] PackedMatrixView packed_rows(PackedMatrixView b, std::size_t begin, std::size_t count,
                                           ScratchMemory& scratch);

/// Returns such a matrix of float32 rounded to bfloat16, in memory of `scratch`.
[[nodiscard]] PackedMatrixView rounded_to_bf16(PackedMatrixView b, ScratchMemory& scratch);

/// Owns such a matrix.
class PackedMatrix {
 public:
  static constexpr std::size_t kPanel = PackedMatrixView::kPanel;

  PackedMatrix() = default;
  /// Packs b [rows, cols].
  [[nodiscard]] static PackedMatrix from_rows(MatrixView b);
  /// Packs the transpose of `b` [cols, rows], as PyTorch stores the weights of a linear layer.
  [[nodiscard]] static PackedMatrix from_transposed(MatrixView b);

  /// Rounds all numbers to bfloat16, which takes half of the memory. No second time.
  void round_to_bf16();
  /// Quantises all numbers to 8 bits, see Int8Matrix, which takes a quarter of the memory. Of
  /// float32 only, and no second time.
  void quantize();

  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t cols() const { return cols_; }
  [[nodiscard]] std::size_t panels() const { return view().panels(); }
  [[nodiscard]] const float* panel(std::size_t p) const { return view().panel(p); }
  [[nodiscard]] bool is_bf16() const { return is_bf16_; }
  [[nodiscard]] bool is_int8() const { return int8_ != nullptr; }
  [[nodiscard]] PackedMatrixView view() const {
    return {data_.data(), rows_, cols_, is_bf16_, int8_.get()};
  }
  operator PackedMatrixView() const { return view(); }  // NOLINT: inputs are views

 private:
  PackedMatrix(std::size_t rows, std::size_t cols);
  [[nodiscard]] MutablePackedMatrixView floats() { return {data_.data(), rows_, cols_}; }

  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
  bool is_bf16_ = false;
  Matrix data_;  // [1, panels * depth * kPanel]; in 8 bits empty
  std::shared_ptr<const Int8Matrix> int8_;
};

}  // namespace ptattn
