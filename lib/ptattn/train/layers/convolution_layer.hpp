#pragma once

#include <cstddef>
#include <span>

#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/kernel_map.hpp"
#include "ptattn/nn/kernels/packed_matrix.hpp"
#include "ptattn/train/layers/dense_layer.hpp"

namespace ptattn::train {

/// Holds submanifold sparse convolution (Graham and van der Maaten 2017) with a kernel of size^3
/// offsets; see ptattn::sparse_convolution. The weight is [out, size, size, size, in].
///
/// Every step begins with `pack`. All passes are parallel; the same bytes for any thread count.
class ConvolutionLayer {
 public:
  struct Shape {
    std::size_t in;
    std::size_t out;
    std::size_t size;  ///< odd
    bool bias;
  };

  ConvolutionLayer() = default;
  /// Declares `name`.weight and, with `bias`, `name`.bias.
  ConvolutionLayer(ParameterSet& set, const LayerScope& scope, const Shape& shape);

  /// @param with_backward  false where the derivatives of the input are not wanted
  void pack(ScratchMemory& scratch, bool with_backward = true);

  /// y_p = bias + sum_k W_k x_{p + k - centre}
  /// @param map  of the voxels, size^3 offsets
  /// @param x    [n, in]
  /// @param y    [n, out]; overlaps nothing
  void forward(const KernelMap& map, MatrixView x, MutableMatrixView y) const;

  /// d_x_p = sum_k W_k^T d_y_{p - (k - centre)}: the same convolution with its offsets mirrored.
  /// @param d_x  [n, in], written
  void backward_input(const KernelMap& map, MatrixView d_y, MutableMatrixView d_x) const;

  /// Adds d_W_k = sum over pairs (p, q) of offset k of d_y_q x_p^T, and the sum of d_y for the
  /// bias, to the gradients; in float32, since rounding listed rows would take as long.
  void backward_weight(const KernelMap& map, MatrixView x, MatrixView d_y) const;

  [[nodiscard]] std::size_t out() const { return shape_.out; }

 private:
  [[nodiscard]] std::size_t volume() const { return shape_.size * shape_.size * shape_.size; }
  /// Names the pairs of one offset in one block of a map.
  struct Slice {
    std::size_t block;
    std::size_t offset;
  };
  void add_slice(const KernelMap& map, const Slice& slice, MatrixView x, MatrixView d_y,
                 MutableMatrixView sums) const;

  const Parameter* weight_ = nullptr;  // [out, volume in]
  const Parameter* bias_ = nullptr;    // [out]; nullptr: none
  Shape shape_{};
  std::span<PackedMatrixView> forward_;   // [volume] of [in, out]
  std::span<PackedMatrixView> backward_;  // [volume] of [out, in], mirrored
};

}  // namespace ptattn::train
