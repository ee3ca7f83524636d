#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/kernel_map.hpp"
#include "ptattn/nn/linear.hpp"

namespace ptattn {

/// Holds submanifold sparse convolution (Graham and van der Maaten 2017): values exist at occupied
/// voxels only, before and after.
///
///   out_p = bias + sum_k W_k x_{p + k - centre}    over the offsets k that are occupied
struct SparseConvolution {
  std::vector<PackedMatrix> slices;  // [volume] of [in, out]
  std::vector<float> bias;           // [out]; empty: none

  SparseConvolution() = default;
  /// @param dense   weight [out, volume in], as checkpoints store [out, kx, ky, kz, in]
  /// @param volume  offsets of the kernel
  SparseConvolution(const DenseWeights& dense, std::size_t volume);

  /// Rounds the weights to bfloat16, as inputs will be; sums and bias stay float32.
  void round_to_bf16();
  /// Quantises the weights to 8 bits, as inputs will be to 7, each row once for all offsets.
  void quantize();
};

/// Views the same layer where its slices lie elsewhere.
struct ConvolutionSlices {
  std::span<const PackedMatrixView> of_offset;  ///< [volume] of [in, out]
  std::span<const float> bias;                  ///< [out]; empty: none
};

/// Gathers, multiplies and scatters slice by slice inside blocks of rows; nothing of [n, volume in]
/// exists. Every element adds the middle first, then the other offsets in order.
/// @param map  of the voxels; as many offsets as the layer has slices
/// @param x    [n, in]
/// @param out  [n, out]; overlaps nothing
/// @throws     Error(Fault::kUsage) when the shapes do not fit each other
/// Time (n + pairs) in out multiply-adds, parallel over blocks of rows and of columns; the same
/// bits for any thread count.
void sparse_convolution(const SparseConvolution& layer, const KernelMap& map, MatrixView x,
                        MutableMatrixView out);
void sparse_convolution(const ConvolutionSlices& layer, const KernelMap& map, MatrixView x,
                        MutableMatrixView out);

/// Applies a convolution with a large kernel that only one layer uses: the pairs of a block of rows
/// are found when its turn comes, since those of all rows would take more memory than the features
/// (a kernel of 5^3 offsets meets some thirty voxels of a surface).
///
///   out = activation(windows(x) W + bias)
///
/// @param layer      [volume in, out], not in 8 bits
/// @param neighbors  of n rows
/// @param x          [n, in]
/// @param out        [n, out]; overlaps nothing
/// @throws           Error(Fault::kUsage) when the shapes do not fit each other
/// Time (n + pairs) in out multiply-adds; memory of one block's pairs a thread; the same bits for
/// any thread count.
void window_convolution(const Linear& layer, const FindNeighbors& neighbors, MatrixView x,
                        Activation activation, MutableMatrixView out);

}  // namespace ptattn
