#pragma once

#include <cstddef>
#include <string>

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/train/layers/dense_layer.hpp"
#include "ptattn/train/layers/norm_layers.hpp"

namespace ptattn::train {

/// Holds what the backward pass of a normed layer needs, a view of scratch memory.
struct NormedLayerRecord {
  MatrixView input;
  BatchNormRecord norm;  ///< whose `x` is the product
};

/// Represents a fully connected layer, batch norm and activation over all rows of a step, in
/// parallel:
///
///   y = activation(BN(x W^T + bias))
class NormedLayer {
 public:
  NormedLayer() = default;
  /// Says how many channels the layer has, and how they are normalised.
  struct Shape {
    std::size_t in;
    std::size_t out;
    BatchNormLayer::Setting norm{};
    bool bias = true;
  };
  /// Declares the parameters of both.
  /// @param norm_name  of the batch norm
  NormedLayer(ParameterSet& set, const LayerScope& scope, const std::string& norm_name,
              const Shape& shape);

  void pack(ScratchMemory& scratch) { layer_.pack(scratch); }
  /// @param x        [n, in]; must stay until the backward pass
  /// @param y        [n, out], written
  /// @param scratch  gets what the backward pass needs
  [[nodiscard]] NormedLayerRecord forward(MatrixView x, NormStatistics statistics,
                                          MutableMatrixView y, ScratchMemory& scratch) const;
  /// Adds the derivatives of the parameters to the gradients.
  /// @param d    [n, out] derivatives of y, replaced by those of the product
  /// @param d_x  [n, in], written; empty: not wanted
  void backward(const NormedLayerRecord& record, MutableMatrixView d, MutableMatrixView d_x) const;

  [[nodiscard]] std::size_t out() const { return layer_.out(); }

 private:
  DenseLayer layer_;
  BatchNormLayer norm_;
};

}  // namespace ptattn::train
