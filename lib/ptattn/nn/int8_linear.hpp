#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/nn/kernels/activation.hpp"
#include "ptattn/nn/kernels/byte_rows.hpp"
#include "ptattn/nn/kernels/int8_matrix.hpp"
#include "ptattn/nn/linear.hpp"

namespace ptattn {

/// Represents a fully connected layer with 8-bit weights, a scale for each output channel. Its
/// inputs are quantised when they are known, each row by its own range; sums are 32-bit integers,
/// bias and activation float32.
struct Int8Linear {
  Int8Matrix weight;        // [in, out]
  std::vector<float> bias;  // [out]; empty: none

  Int8Linear() = default;
  explicit Int8Linear(const Linear& layer);
};

/// Returns the rows of x in 7 bits in memory of `scratch`, see quantize_rows; parallel over rows.
/// @param x  [n, c], finite
[[nodiscard]] ByteRowsView quantized(MatrixView x, ScratchMemory& scratch);

/// Returns the copies of the rows with the given indices, in that order, in memory of `scratch`.
[[nodiscard]] ByteRowsView gather_rows(const ByteRowsView& x,
                                       std::span<const std::uint32_t> indices,
                                       ScratchMemory& scratch);

/// Returns activation(x W + bias) + residual
/// @param x         [n, in]
/// @param residual  [n, out]; empty: none
/// @return          [n, out]
/// @throws          Error(Fault::kUsage) when the shapes do not fit each other
/// Time n in out multiply-adds; the same bits for any thread count.
[[nodiscard]] Matrix linear(const Int8Linear& layer, const ByteRowsView& x,
                            Activation activation = Activation::kNone, MatrixView residual = {});
/// Writes the same to `out` [n, out], which does not overlap the residual.
void linear(const Int8Linear& layer, const ByteRowsView& x, Activation activation,
            MatrixView residual, MutableMatrixView out);
/// Applies the layer without residual, in memory of `scratch`.
[[nodiscard]] MutableMatrixView linear(const Int8Linear& layer, const ByteRowsView& x,
                                       Activation activation, ScratchMemory& scratch);
/// Returns x W + bias in memory of `scratch`, as the right-hand side of a float32 product.
[[nodiscard]] PackedMatrixView linear_packed(const Int8Linear& layer, const ByteRowsView& x,
                                             ScratchMemory& scratch);

/// Computes the largest value of each output channel over all rows, zero rows not being allowed.
/// The rows' values are never written. Otherwise as `linear`.
/// @param activation  one that does not decrease (not kGelu)
/// @param out         [1, out]
void linear_max(const Int8Linear& layer, const ByteRowsView& x, Activation activation,
                MutableMatrixView out);

}  // namespace ptattn
