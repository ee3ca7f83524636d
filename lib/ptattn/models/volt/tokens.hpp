#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/models/ptv3/level.hpp"
#include "ptattn/nn/sparse_convolution.hpp"

namespace ptattn {

/// Holds voxels and the tokens that they belong to, a view: cells of stride^3 voxels, in each of
/// which a voxel has a slot of its own, (x stride + y) stride + z of its place inside the cell.
struct VoltTokens {
  const Ptv3Level& voxels;
  const Ptv3Level& tokens;
  const Ptv3Pooling& pooling;  ///< of the voxels to the tokens
  std::size_t stride;
};

/// Makes tokens of voxels: out = bias + sum of the slot's slice times the features of each voxel.
/// @param x    [voxels, in]
/// @param out  [tokens, c]; overlaps nothing
/// Time voxels in c multiply-adds; parallel over blocks of tokens, the same bits for any thread
/// count.
void tokenize(const SparseConvolution& layer, const VoltTokens& tokens, MatrixView x,
              MutableMatrixView out);

/// Takes the features of some voxels.
/// @param voxels    [k] rows
/// @param features  [k, u]
using TakeFeatures =
    std::function<void(std::span<const std::uint32_t> voxels, MutableMatrixView features)>;

/// Gives each voxel its slot's part of its token: GELU(bias + the slot's slice times the token).
/// @param x     [tokens, u]
/// @param take  is called for the voxels of some tokens at a time, by several threads
/// Time voxels u^2 multiply-adds; memory of one block's voxels a thread.
void unembed(const SparseConvolution& layer, const VoltTokens& tokens, MatrixView x,
             const TakeFeatures& take);

}  // namespace ptattn
