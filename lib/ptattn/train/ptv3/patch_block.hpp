#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/kernel_map.hpp"
#include "ptattn/train/layers/convolution_layer.hpp"
#include "ptattn/train/layers/dense_layer.hpp"
#include "ptattn/train/layers/norm_layers.hpp"
#include "ptattn/train/layers/patch_attention.hpp"
#include "ptattn/train/layers/stochastic_depth.hpp"

namespace ptattn::train {

/// Everything a block needs beside its features, a view.
struct PatchBlockInput {
  const KernelMap& neighbors;  ///< 3^3 places
  PatchOrder order;
  std::span<const Cell> cells;  ///< [n]
  RowDrop attention_drop;
  RowDrop perceptron_drop;
};

/// What the backward pass of a block needs, a view of scratch memory; names as in the formula of
/// PatchBlock.
struct PatchBlockRecord {
  MatrixView conv_input;
  MatrixView convolved;   ///< [n, c] conv(conv_input)
  MatrixView projected;   ///< [n, c] linear(convolved)
  MatrixView positioned;  ///< [n, c] x1
  PatchAttentionRecord attention;
  MatrixView attended;  ///< [n, c] x2
  MatrixView hidden;    ///< [n, ratio c] fc1(LN(x2)), before GELU
};

/// A block of Point Transformer V3 that learns (Wu et al. 2024, figure 4):
///
///   x1 = x + LN(linear(conv(x)))              conditional positional encoding (x CPE)
///   x2 = x1 + drop(proj(attention(LN(x1))))   inside patches of a serialised order
///   y  = x2 + drop(fc2(GELU(fc1(LN(x2)))))
///
/// The convolution may see other rows than the residual: in mode m1 that of a decoder stage's first
/// block sees the skip connection only.
class PatchBlock {
 public:
  struct Shape {
    std::size_t channels;
    std::size_t heads;
    double mlp_ratio;
    double qk_scale;  ///< 0: 1 / sqrt(channels / heads)
    bool qkv_bias;
    std::size_t table_bound;  ///< of the relative table; 0: none
  };

  /// Declares the parameters under `place.name`: cpe.0, cpe.1, cpe.2, norm1.0, attn.qkv, ...
  PatchBlock(ParameterSet& set, const LayerPlace& place, const Shape& shape);

  void pack(ScratchMemory& scratch);

  /// @param conv_input  [n, c] what the convolution sees
  /// @param x           [n, c]; may be conv_input
  /// @param y           [n, c], written; overlaps nothing
  /// @param scratch     gets what the backward pass needs
  [[nodiscard]] PatchBlockRecord forward(const PatchBlockInput& input, MatrixView conv_input,
                                         MatrixView x, MutableMatrixView y,
                                         ScratchMemory& scratch) const;

  /// Adds the derivatives of the parameters to the gradients.
  /// @param d       [n, c] derivatives of y, replaced by those of x as the residual
  /// @param d_conv  [n, c] written: derivatives of conv_input
  void backward(const PatchBlockInput& input, const PatchBlockRecord& record, MutableMatrixView d,
                MutableMatrixView d_conv) const;

 private:
  void position(MatrixView convolved, MatrixView x, MutableMatrixView projected,
                MutableMatrixView positioned, MutableMatrixView qkv) const;
  void backward_perceptron(const PatchBlockInput& input, const PatchBlockRecord& record,
                           const RowChunks& chunks, const GradientSums& sums, MutableMatrixView d,
                           MutableMatrixView d_attention) const;
  void backward_position(const PatchBlockRecord& record, const RowChunks& chunks,
                         const GradientSums& sums, MatrixView d_qkv, MutableMatrixView d,
                         MutableMatrixView d_convolved) const;

  ConvolutionLayer cpe0_;
  DenseLayer cpe1_;
  LayerNormLayer cpe2_;
  LayerNormLayer norm1_;
  DenseLayer qkv_;
  PatchAttention attention_;
  DenseLayer proj_;
  LayerNormLayer norm2_;
  DenseLayer fc1_;
  DenseLayer fc2_;
};

}  // namespace ptattn::train
