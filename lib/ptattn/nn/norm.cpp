#include "ptattn/nn/norm.hpp"

#include <cmath>

namespace ptattn {

DenseWeights folded(DenseWeights dense, const BatchNorm& norm) {
  const std::size_t channels = dense.weight.rows();
  dense.bias.resize(channels, 0.0F);
  for (std::size_t i = 0; i < channels; ++i) {
    const double scale = norm.gamma[i] / std::sqrt(norm.variance[i] + norm.eps);
    float* row = dense.weight.row(i);
    for (std::size_t j = 0; j < dense.weight.cols(); ++j) {
      row[j] = static_cast<float>(scale * row[j]);
    }
    dense.bias[i] =
        static_cast<float>(scale * (double{dense.bias[i]} - norm.mean[i]) + norm.beta[i]);
  }
  return dense;
}

}  // namespace ptattn
