#include "ptattn/train/layers/perceptron_pass.hpp"

#include "ptattn/train/kernels/row_gradients.hpp"

namespace ptattn::train {

void backward_perceptron_rows(const PerceptronLayers& layers, const PerceptronRows& rows,
                              MatrixView d_y, const ChunkSums& sums, MutableMatrixView d_x,
                              ScratchMemory& scratch) {
  const auto [x, z] = rows;
  const MutableMatrixView normed = scratch.matrix(x.rows, x.cols);
  const MutableMatrixView d_normed = scratch.matrix(x.rows, x.cols);
  const MutableMatrixView activated = scratch.matrix(x.rows, z.cols);
  const MutableMatrixView slopes = scratch.matrix(x.rows, z.cols);
  const MutableMatrixView d_hidden = scratch.matrix(x.rows, z.cols);
  gelu_with_slopes(z, activated, slopes);
  layers.fc2.backward(activated, d_y, sums, d_hidden);
  multiply_matrix(slopes, d_hidden);
  layers.norm.forward(x, normed);
  layers.fc1.backward(normed, d_hidden, sums, d_normed);
  layers.norm.backward(x, d_normed, sums, d_x);
}

}  // namespace ptattn::train
