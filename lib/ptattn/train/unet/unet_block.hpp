#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/kernel_map.hpp"
#include "ptattn/train/layers/convolution_layer.hpp"
#include "ptattn/train/layers/dense_layer.hpp"
#include "ptattn/train/layers/norm_layers.hpp"
#include "ptattn/train/layers/patch_attention.hpp"
#include "ptattn/train/layers/stochastic_depth.hpp"

namespace ptattn::train {

/// Holds sines and cosines of a rotary encoding of queries and keys
/// (nn/encoding/rotary_encoding.hpp) and those of the way back, a view. Empty: no such encoding.
struct BlockRotation {
  MatrixView angles;    ///< [n, c / heads]
  MatrixView backward;  ///< the same with negative sines
};

/// Everything a block needs beside its features, a view.
struct UnetBlockInput {
  const KernelMap& neighbors;  ///< 3^3 offsets
  PatchOrder order;
  std::span<const Cell> cells;  ///< [n]
  BlockRotation rotation;
  RowDrop attention_drop;
  RowDrop perceptron_drop;
};

/// Holds what the backward pass of a block needs, a view of scratch memory; names as in the formula
/// of UnetBlock. What a block does not have is empty.
struct UnetBlockRecord {
  MatrixView conv_input;
  MatrixView convolved;   ///< [n, c] conv(conv_input); of a block without convolution: x
  MatrixView projected;   ///< [n, c] linear(convolved)
  MatrixView positioned;  ///< [n, c] x1
  PatchAttentionRecord attention;
  MatrixView attended;  ///< [n, c] x2
  MatrixView hidden;    ///< [n, ratio c] fc1(LN(x2)), before GELU
};

/// Represents a block of Point Transformer V3 (Wu et al. 2024, figure 4) or LitePT (Yue et al.
/// 2026) that learns:
///
///   x1 = x + LN(linear(conv(x)))              with convolution, else x1 = LN(x)
///   x2 = x1 + drop(proj(attention(LN(x1))))   inside patches of a serialised order
///   y  = x2 + drop(fc2(GELU(fc1(LN(x2)))))    both with attention, else y = x1
///
/// The convolution may see other rows than the residual: in mode m1 of Point Transformer V3 that of
/// a decoder stage's first block sees the skip connection only.
class UnetBlock {
 public:
  struct Shape {
    std::size_t channels;
    std::size_t heads;
    double mlp_ratio;
    double qk_scale;  ///< 0: 1 / sqrt(channels / heads)
    bool qkv_bias;
    std::size_t table_bound;       ///< of the relative table; 0: none
    std::string conv_name{"cpe"};  ///< of the convolution's layers; empty: there is none
    bool has_attention = true;
  };

  /// Declares the parameters under `scope.name`: cpe.0, cpe.1, cpe.2, norm1.0, attn.qkv, ...
  UnetBlock(ParameterSet& set, const LayerScope& scope, const Shape& shape);

  void pack(ScratchMemory& scratch);

  /// @param conv_input  [n, c] what the convolution sees
  /// @param x           [n, c]; may be conv_input
  /// @param y           [n, c], written; overlaps nothing
  /// @param scratch     gets what the backward pass needs
  [[nodiscard]] UnetBlockRecord forward(const UnetBlockInput& input, MatrixView conv_input,
                                        MatrixView x, MutableMatrixView y,
                                        ScratchMemory& scratch) const;

  /// Adds the derivatives of the parameters to the gradients.
  /// @param d       [n, c] derivatives of y, replaced by those of x as the residual
  /// @param d_conv  [n, c] written: derivatives of conv_input (zero without convolution)
  void backward(const UnetBlockInput& input, const UnetBlockRecord& record, MutableMatrixView d,
                MutableMatrixView d_conv) const;

 private:
  void position(const UnetBlockRecord& record, MatrixView x, MutableMatrixView projected,
                MutableMatrixView positioned) const;
  void project(const UnetBlockInput& input, MatrixView positioned, MutableMatrixView qkv) const;
  void finish(const UnetBlockInput& input, const UnetBlockRecord& record,
              MutableMatrixView attended, MutableMatrixView hidden, MutableMatrixView y) const;
  void backward_perceptron(const UnetBlockInput& input, const UnetBlockRecord& record,
                           const RowChunks& chunks, const GradientSums& sums, MutableMatrixView d,
                           MutableMatrixView d_attention) const;
  void backward_projection(const UnetBlockInput& input, const UnetBlockRecord& record,
                           const RowChunks& chunks, const GradientSums& sums,
                           MutableMatrixView d_qkv, MutableMatrixView d) const;
  void backward_position(const UnetBlockRecord& record, const RowChunks& chunks,
                         const GradientSums& sums, MutableMatrixView d,
                         MutableMatrixView d_convolved) const;
  [[nodiscard]] const Parameter& first_parameter() const;
  [[nodiscard]] const Parameter& last_parameter() const;

  bool has_convolution_;
  bool has_attention_;
  ConvolutionLayer cpe0_;
  DenseLayer cpe1_;
  LayerNormLayer cpe2_;  // without convolution: norm0
  LayerNormLayer norm1_;
  DenseLayer qkv_;
  PatchAttention attention_;
  DenseLayer proj_;
  LayerNormLayer norm2_;
  DenseLayer fc1_;
  DenseLayer fc2_;
};

}  // namespace ptattn::train
