#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/kernels/byte_rows.hpp"
#include "ptattn/nn/kernels/gemm.hpp"
#include "ptattn/nn/kernels/int8_matrix.hpp"

namespace ptattn {

/// Product of 8-bit matrices on the calling thread, for the columns of b's panels
/// [panel_begin, panel_end):
///
///   c = activation(t s + bias) + residual
///   t[i, j] = a.scale[i] sum_k (a[i, k] - a.zero[i]) b[k, j],   s[j] = b.scales()[j]
///
/// @param a  [m, k]
/// @param b  [k, n], a.depth == b.depth() < 2^16
/// @param c  [m, n], any stride; other columns stay as they are; does not overlap the residual
/// The sums are exact 32-bit integers, the same on every CPU level; what follows is float32, where
/// fused operations may round differently between CPU levels, and GELU is within 3e-5. Splitting a
/// product over calls changes no bit.
/// Time m n k multiply-adds, of which AVX2 can do 51 a cycle on CPUs with two multipliers (float32:
/// 16), AVX-512 VNNI 64 a multiplier (float32: 16), AMX 1024.
void int8_gemm(const ByteRowsView& a, const Int8Matrix& b, std::size_t panel_begin,
               std::size_t panel_end, const Epilogue& epilogue, MutableMatrixView c);

/// Adds the rows of such a product to rows of another matrix, on the calling thread:
///
///   c[targets[i]] += t[i] s
///
/// @param targets  [m], different rows of c
/// @param c        [.., n], any stride
/// The bits of int8_gemm followed by an addition.
void int8_gemm_add(const ByteRowsView& a, const Int8Matrix& b, std::size_t panel_begin,
                   std::size_t panel_end, std::span<const std::uint16_t> targets,
                   MutableMatrixView c);

/// The largest value of each column of such a product, which itself is never written:
///
///   out[j] = max_i activation(t[i, j] s[j] + bias[j]) = activation(max_i t[i, j] s[j] + bias[j])
///
/// @param a           at least one row
/// @param epilogue    without residual; the activation does not decrease (not kGelu)
/// @param out         [n]; columns of other panels stay as they are
void int8_gemm_max(const ByteRowsView& a, const Int8Matrix& b, std::size_t panel_begin,
                   std::size_t panel_end, const Epilogue& epilogue, float* out);

}  // namespace ptattn
