#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "ptattn/core/matrix.hpp"
#include "ptattn/train/layers/dense_layer.hpp"
#include "ptattn/train/layers/norm_layers.hpp"
#include "ptattn/train/layers/patch_attention.hpp"
#include "ptattn/train/layers/stochastic_depth.hpp"

namespace ptattn::train {

/// Everything a block of Volt needs beside its features, a view.
struct VoltBlockInput {
  PatchOrder clouds;    ///< every cloud is one patch of all its tokens
  MatrixView rotation;  ///< [t, 64] sine and cosine of the angle of each pair of channels
  RowDrop attention_drop;
  RowDrop perceptron_drop;
};

/// Holds what the backward pass of a block needs, a view of scratch memory.
struct VoltBlockRecord {
  MatrixView x;         ///< [t, c]
  MatrixView products;  ///< [t, 3 c] queries, keys and values before norm and rotation
  PatchAttentionRecord attention;
  MatrixView attention_branch;   ///< [t, c] before it is scaled; empty without scale
  MatrixView attended;           ///< [t, c]
  MatrixView hidden;             ///< [t, ratio c] before GELU
  MatrixView perceptron_branch;  ///< [t, c] before it is scaled; empty without scale
};

/// Represents a block of Volt (Yilmaz et al. 2026) that learns: a plain Transformer layer over all
/// tokens of a cloud, whose queries and keys are normalised per head (if so configured) and turned
/// by the token's cell.
///
///   x1 = x + drop(ls1 proj(attention(LN(x))))
///   y  = x1 + drop(ls2 fc2(GELU(fc1(LN(x1)))))
class VoltBlock {
 public:
  static constexpr std::size_t kHeadWidth = 64;

  struct Shape {
    std::size_t channels;
    std::size_t heads;
    double mlp_ratio;
    bool qk_norm;
    std::optional<double> layer_scale;  ///< first value of ls1 and ls2; absent: there are none
  };

  /// Declares the parameters under `scope.name`: norm1, attn.qkv, attn.proj, ...
  VoltBlock(ParameterSet& set, const LayerScope& scope, const Shape& shape);

  void pack(ScratchMemory& scratch);
  /// @param x  [t, c]; must stay until the backward pass
  /// @param y  [t, c], written; overlaps nothing
  [[nodiscard]] VoltBlockRecord forward(const VoltBlockInput& input, MatrixView x,
                                        MutableMatrixView y, ScratchMemory& scratch) const;
  /// Adds the derivatives of the parameters to the gradients.
  /// @param d  [t, c] derivatives of y, replaced by those of x
  void backward(const VoltBlockInput& input, const VoltBlockRecord& record,
                MutableMatrixView d) const;

 private:
  void project(const VoltBlockInput& input, MatrixView x, MutableMatrixView products,
               MutableMatrixView qkv) const;
  void backward_perceptron(const VoltBlockInput& input, const VoltBlockRecord& record,
                           const RowChunks& chunks, const GradientSums& sums, MutableMatrixView d,
                           MutableMatrixView d_attention) const;
  void backward_projection(const VoltBlockInput& input, const VoltBlockRecord& record,
                           const RowChunks& chunks, const GradientSums& sums,
                           MutableMatrixView d_qkv, MutableMatrixView d) const;

  std::size_t heads_;
  bool qk_norm_;
  const Parameter* scale1_ = nullptr;  // [c]; nullptr: none
  const Parameter* scale2_ = nullptr;
  LayerNormLayer norm1_;
  DenseLayer qkv_;
  LayerNormLayer q_norm_;
  LayerNormLayer k_norm_;
  PatchAttention attention_;
  DenseLayer proj_;
  LayerNormLayer norm2_;
  DenseLayer fc1_;
  DenseLayer fc2_;
};

}  // namespace ptattn::train
