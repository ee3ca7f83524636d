#pragma once

#include <cstddef>
#include <span>

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/train/layers/dense_layer.hpp"
#include "ptattn/train/layers/normed_layer.hpp"

namespace ptattn::train {

/// Holds what the backward pass of offset attention needs, a view of scratch memory.
struct OffsetAttentionRecord {
  MatrixView x;                    ///< [n, c]
  MatrixView query_key;            ///< [n, d]
  MatrixView values;               ///< [n, c]
  MatrixView attended;             ///< [n, c] x_r
  std::span<const float> softmax;  ///< S of each cloud, [t, t] one after the other
  std::span<const float> scales;   ///< [n] 1 / (1e-9 + sum_i S_ij) by key j
  NormedLayerRecord transform;
};

/// Holds offset attention (Guo et al. 2021, PCT, section 3.3) of every cloud, queries and keys
/// being the same:
///
///   S = softmax over keys of K K^T,  A_ij = S_ij / (1e-9 + sum_i' S_i'j),  x_r,j = sum_i A_ij v_i
///   y = x + ReLU(BN(W (x - x_r) + b))
///
/// Keeps S, t^2 numbers a cloud of t points. Parallel over clouds and rows; the same bytes for any
/// thread count.
class OffsetAttentionLayer {
 public:
  OffsetAttentionLayer() = default;
  /// Declares k_conv (with the alias q_conv), v_conv, trans_conv and after_norm of `scope.name`.
  OffsetAttentionLayer(ParameterSet& set, const LayerScope& scope, std::size_t channels,
                       std::size_t qk_channels, BatchNormLayer::Setting norm);

  void pack(ScratchMemory& scratch);
  /// @param x     [n, c]; must stay until the backward pass
  /// @param ends  row behind the last of each cloud
  /// @param y     [n, c], written; does not overlap x
  [[nodiscard]] OffsetAttentionRecord forward(MatrixView x, std::span<const std::size_t> ends,
                                              NormStatistics statistics, MutableMatrixView y,
                                              ScratchMemory& scratch) const;
  /// Adds the derivatives of the parameters to the gradients.
  /// @param d  [n, c] derivatives of y, replaced by those of x
  void backward(const OffsetAttentionRecord& record, std::span<const std::size_t> ends,
                MutableMatrixView d) const;

 private:
  DenseLayer query_key_;  // no bias
  DenseLayer value_;
  NormedLayer transform_;
};

}  // namespace ptattn::train
