#pragma once

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/train/layers/dense_layer.hpp"
#include "ptattn/train/layers/gradient_sums.hpp"
#include "ptattn/train/layers/norm_layers.hpp"

namespace ptattn::train {

/// Names the layers of a block's perceptron, y = fc2(gelu(z)), z = fc1(norm(x)).
struct PerceptronLayers {
  const LayerNormLayer& norm;
  const DenseLayer& fc1;
  const DenseLayer& fc2;
};

/// Holds some rows of what a perceptron saw in the forward pass.
struct PerceptronRows {
  MatrixView x;  ///< [rows, c]
  MatrixView z;  ///< [rows, hidden]
};

/// Adds the derivatives of x, and those of the weights.
/// @param d_y      [rows, c] of y; may be d_x
/// @param sums     take the derivatives of the weights
/// @param d_x      [rows, c], added to
/// @param scratch  of the task
void backward_perceptron_rows(const PerceptronLayers& layers, const PerceptronRows& rows,
                              MatrixView d_y, const ChunkSums& sums, MutableMatrixView d_x,
                              ScratchMemory& scratch);

}  // namespace ptattn::train
