#pragma once

#include <cstdint>
#include <span>

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/models/ptv3/level.hpp"
#include "ptattn/models/ptv3/weights.hpp"

namespace ptattn {

// What Point Transformer V3 does with rows between its blocks. All of it is parallel over rows and
// gives the same bits for any thread count.

/// x <- GELU(norm(x)); a norm that was folded away does nothing.
void normalize_and_activate(const Ptv3Norm& norm, MutableMatrixView x);

/// out = GELU(norm(x W + bias))
/// @param x    [n, in]
/// @param out  [n, out]; overlaps nothing
void normed_linear(const Linear& layer, const Ptv3Norm& norm, MatrixView x, MutableMatrixView out);

/// The same where the rows of x and out begin at the same places: only a row's own may overlap.
void normed_linear_in_place(const Linear& layer, const Ptv3Norm& norm, MatrixView x,
                            MutableMatrixView out);

/// Of x W + bias, the largest value of every channel among the rows that a coarser voxel unites.
/// The product exists for some voxels at a time only.
/// @param x    [n, in]
/// @param out  [pooling.size(), out]
void pooled_linear(const Linear& layer, const Ptv3Pooling& pooling, MatrixView x,
                   MutableMatrixView out);

/// x[rows], in memory of `scratch`.
[[nodiscard]] MatrixView gathered(MatrixView x, std::span<const std::uint32_t> rows,
                                  ScratchMemory& scratch);

/// Row i of x as row places[i], all of which differ.
[[nodiscard]] Matrix scattered(MatrixView x, std::span<const std::uint32_t> places);

/// The same of x W + bias.
[[nodiscard]] Matrix scattered_linear(const Linear& layer, MatrixView x,
                                      std::span<const std::uint32_t> places);

}  // namespace ptattn
