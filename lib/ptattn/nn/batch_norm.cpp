#include "ptattn/nn/batch_norm.hpp"

#include <cmath>

#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/kernels/elementwise.hpp"
#include "ptattn/nn/shapes.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kRowsPerTask = 256;

double scale_of(const BatchNorm& norm, std::size_t channel) {
  return norm.gamma[channel] / std::sqrt(norm.variance[channel] + norm.eps);
}

}  // namespace

Affine affine_of(const BatchNorm& norm) {
  Affine line;
  for (std::size_t i = 0; i < norm.gamma.size(); ++i) {
    const double scale = scale_of(norm, i);
    line.scale.push_back(static_cast<float>(scale));
    line.shift.push_back(static_cast<float>(norm.beta[i] - scale * norm.mean[i]));
  }
  return line;
}

void apply(const Affine& norm, Activation activation, MutableMatrixView x) {
  check_shape("batch norm", "the matrix", x, x.rows, norm.scale.size());
  parallel_ranges(x.rows, kRowsPerTask, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      float* row = x.row(i);
      for (std::size_t j = 0; j < x.cols; ++j) row[j] = norm.scale[j] * row[j] + norm.shift[j];
    }
    activate(activation, x.rows_range(begin, end - begin));
  });
}

DenseWeights folded(DenseWeights dense, const BatchNorm& norm) {
  const std::size_t channels = dense.weight.rows();
  dense.bias.resize(channels, 0.0F);
  for (std::size_t i = 0; i < channels; ++i) {
    const double scale = scale_of(norm, i);
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
