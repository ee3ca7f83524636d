#pragma once

#include <cstdint>
#include <span>

#include "ptattn/core/matrix.hpp"

namespace ptattn::train {

/// sums += a^T b, on the calling thread: the gradient of a layer's weights from its inputs and the
/// derivatives of its outputs.
/// @param a     [n, k], any stride
/// @param b     [n, m], any stride
/// @param sums  [k, m], any stride; overlaps neither a nor b
/// Every element adds its products row after row (fused where the CPU can), in blocks of 256 rows
/// whose sums are added one after the other. Time n k m multiply-adds.
void add_transposed_product(MatrixView a, MatrixView b, MutableMatrixView sums);

/// The same of numbers that are rounded to bfloat16 first, two rows a step (see Product); the sums
/// are float32.
void add_transposed_product_bf16(MatrixView a, MatrixView b, MutableMatrixView sums);

/// The same of listed rows:
///
///   sums += sum over i of a[a_rows[i]]^T b[b_rows[i]]
///
/// @param a_rows  [n], each below a.rows
/// @param b_rows  [n], each below b.rows
void add_transposed_product(MatrixView a, std::span<const std::uint16_t> a_rows, MatrixView b,
                            std::span<const std::uint32_t> b_rows, MutableMatrixView sums);

}  // namespace ptattn::train
