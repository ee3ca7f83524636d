#pragma once

#include <cstdint>
#include <span>

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/models/ptv3/level.hpp"
#include "ptattn/models/ptv3/weights.hpp"

namespace ptattn {

// What networks of voxels do with rows inside and between their blocks. All of it is parallel over
// rows, unless said otherwise, and gives the same bits for any thread count.

/// Computes activation(x W + bias) + residual on the calling thread.
/// @param x         [n, in]
/// @param residual  [n, out]; empty: none
/// @param out       [n, out]; overlaps neither
void linear_here(const Linear& layer, MatrixView x, Activation activation, MatrixView residual,
                 MutableMatrixView out);

/// Returns true where attention to what a layer projects computes in bfloat16: with weights in
/// bfloat16, and with weights in 8 bits if that makes this CPU faster.
[[nodiscard]] bool attends_in_bf16(const Linear& qkv);

/// Applies a norm and GELU in place: x <- GELU(norm(x)). A norm that was folded away does nothing.
void normalize_and_activate(const Ptv3Norm& norm, MutableMatrixView x);

/// Computes out = GELU(norm(x W + bias)).
/// @param x    [n, in]
/// @param out  [n, out]; overlaps nothing
void normed_linear(const Linear& layer, const Ptv3Norm& norm, MatrixView x, MutableMatrixView out);

/// Computes GELU(norm(x W + bias)) where row i of `out` may lie in the memory of row i of x, and of
/// no other row.
void normed_linear_in_place(const Linear& layer, const Ptv3Norm& norm, MatrixView x,
                            MutableMatrixView out);

/// Takes the largest value of every channel of x W + bias among the rows that a coarser voxel
/// holds. The product exists for some voxels at a time only.
/// @param x    [n, in]
/// @param out  [pooling.size(), out]
void pooled_linear(const Linear& layer, const Ptv3Pooling& pooling, MatrixView x,
                   MutableMatrixView out);

/// Gathers the listed rows of x in memory of `scratch`.
[[nodiscard]] MatrixView gathered(MatrixView x, std::span<const std::uint32_t> rows,
                                  ScratchMemory& scratch);

/// Returns a matrix whose row targets[i] is row i of x.
/// @param targets  [n], a permutation
[[nodiscard]] Matrix scattered(MatrixView x, std::span<const std::uint32_t> targets);

/// Returns a matrix whose row targets[i] is row i of x W + bias.
[[nodiscard]] Matrix scattered_linear(const Linear& layer, MatrixView x,
                                      std::span<const std::uint32_t> targets);

}  // namespace ptattn
