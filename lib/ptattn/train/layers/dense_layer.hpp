#pragma once

#include <cstddef>
#include <string>

#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/kernels/activation.hpp"
#include "ptattn/nn/kernels/packed_matrix.hpp"
#include "ptattn/train/layers/gradient_sums.hpp"
#include "ptattn/train/parameter_set.hpp"

namespace ptattn::train {

/// Says where a layer stands in its network.
struct LayerScope {
  std::string name;       ///< of its parameters, without ".weight"
  std::size_t depth = 0;  ///< Parameter::depth
  bool is_head = false;   ///< Parameter::is_head
  /// The weight of a fully connected layer is stored as [out, in, 1], a convolution of width 1.
  bool is_convolution = false;
};

/// Represents a fully connected layer: y = x W^T + bias with W [out, in].
///
/// Every step begins with `pack`; forward and backward passes of a block of rows run on the calling
/// thread.
class DenseLayer {
 public:
  DenseLayer() = default;
  /// Declares `name`.weight and, with `bias`, `name`.bias.
  DenseLayer(ParameterSet& set, const LayerScope& scope, std::size_t in, std::size_t out,
             bool bias = true);

  /// Copies the weights into the order of the matrix product, in memory of `scratch`.
  void pack(ScratchMemory& scratch);

  /// y = activation(x W^T + bias) + residual
  /// @param x         [n, in]
  /// @param y         [n, out]; overlaps neither x nor the residual
  /// @param residual  [n, out]; empty: none
  void forward(MatrixView x, MutableMatrixView y, Activation activation = Activation::kNone,
               MatrixView residual = {}) const;

  /// d_W += d_y^T x and d_bias += sum of d_y, into `sums`; d_x = d_y W.
  /// @param x    [n, in]
  /// @param d_y  [n, out], derivatives of x W^T + bias
  /// @param d_x  [n, in], written; empty: not wanted
  void backward(MatrixView x, MatrixView d_y, const ChunkSums& sums, MutableMatrixView d_x) const;

  [[nodiscard]] std::size_t in() const { return in_; }
  [[nodiscard]] std::size_t out() const { return out_; }
  [[nodiscard]] const Parameter& first_parameter() const { return *weight_; }
  [[nodiscard]] const Parameter& last_parameter() const {
    return bias_ != nullptr ? *bias_ : *weight_;
  }

 private:
  const Parameter* weight_ = nullptr;  // [out, in]
  const Parameter* bias_ = nullptr;    // [out]; nullptr: none
  std::size_t in_ = 0;
  std::size_t out_ = 0;
  PackedMatrixView forward_;   // [in, out]
  PackedMatrixView backward_;  // [out, in]
};

}  // namespace ptattn::train
