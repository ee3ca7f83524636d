#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/kernels/activation.hpp"
#include "ptattn/nn/kernels/bfloat16.hpp"
#include "ptattn/nn/kernels/byte_rows.hpp"
#include "ptattn/nn/kernels/packed_matrix.hpp"

namespace ptattn {

/// Holds what happens to a matrix product before it is stored.
struct Epilogue {
  const float* bias = nullptr;  ///< [cols of b]; nullptr: none
  Activation activation = Activation::kNone;
  MatrixView residual{};  ///< added after the activation, shape of c; empty: none
};

/// Multiplies matrices on the calling thread.
///
///   c = activation(a b + bias) + residual    for the columns of b's panels
///                                            [panel_begin, panel_end)
///
/// Every element is one chain of multiply-adds over k = 0, 1, 2, ... (fused where the CPU
/// can), whatever rows and panels share the call: splitting a product over calls changes no bit.
/// Where b is in bfloat16, a is rounded to it, and the sums are float32: see Product. Where it is
/// in 8 bits, the rows of a are quantised, see quantize_rows, and the sums are whole numbers: see
/// int8_gemm.
/// @param a  [m, k], any stride
/// @param b  [k, n]
/// @param c  [m, n], any stride; other columns stay as they are; overlaps neither a nor the
///           residual
/// Time m n k multiply-adds.
void gemm(MatrixView a, PackedMatrixView b, std::size_t panel_begin, std::size_t panel_end,
          const Epilogue& epilogue, MutableMatrixView c);
/// Does the same with rows that are rounded or quantised already, as the matrix is.
void gemm(Bf16Rows a, PackedMatrixView b, std::size_t panel_begin, std::size_t panel_end,
          const Epilogue& epilogue, MutableMatrixView c);
void gemm(const ByteRowsView& a, PackedMatrixView b, std::size_t panel_begin, std::size_t panel_end,
          const Epilogue& epilogue, MutableMatrixView c);

/// Multiplies matrices and adds the rows of the product to rows of another matrix, on the calling
/// thread: the rows themselves are never written.
///
///   c[targets[i]] += (a b)[i]    for the columns of b's panels [panel_begin, panel_end)
///
/// @param a       [m, k], any stride
/// @param b       [k, n]
/// @param targets  [m], different rows of c
/// @param c       [.., n], any stride; does not overlap a
/// The bits of gemm followed by an addition. Time m n k multiply-adds.
void gemm_add(MatrixView a, PackedMatrixView b, std::size_t panel_begin, std::size_t panel_end,
              std::span<const std::uint16_t> targets, MutableMatrixView c);
/// Does the same with rows that are rounded or quantised already, as the matrix is.
void gemm_add(Bf16Rows a, PackedMatrixView b, std::size_t panel_begin, std::size_t panel_end,
              std::span<const std::uint16_t> targets, MutableMatrixView c);
void gemm_add(const ByteRowsView& a, PackedMatrixView b, std::size_t panel_begin,
              std::size_t panel_end, std::span<const std::uint16_t> targets, MutableMatrixView c);

/// Multiplies matrices and keeps the largest row of each group of the product, on the calling
/// thread: the rows themselves are never written.
///
///   out[g, j] = max over rows i of group g of activation((a b)[i, j] + bias[j])
///
/// for the columns of b's panels [panel_begin, panel_end).
/// @param a         [groups s, k], any stride; group g is the s rows g s, g s + 1, ..., s >= 1
/// @param b         [k, n]
/// @param epilogue  no residual; an activation that keeps order (GELU does not)
/// @param out       [groups, n], any stride; other columns stay as they are; does not overlap a
/// The bits of gemm followed by a maximum. Time m n k multiply-adds.
void gemm_max(MatrixView a, PackedMatrixView b, std::size_t panel_begin, std::size_t panel_end,
              const Epilogue& epilogue, MutableMatrixView out);
/// Does the same with rows that are rounded or quantised already, as the matrix is.
void gemm_max(Bf16Rows a, PackedMatrixView b, std::size_t panel_begin, std::size_t panel_end,
              const Epilogue& epilogue, MutableMatrixView out);
void gemm_max(const ByteRowsView& a, PackedMatrixView b, std::size_t panel_begin,
              std::size_t panel_end, const Epilogue& epilogue, MutableMatrixView out);

}  // namespace ptattn
