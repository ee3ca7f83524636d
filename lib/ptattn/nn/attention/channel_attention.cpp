#include "ptattn/nn/attention/channel_attention.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/shapes.hpp"

namespace ptattn {
namespace {

constexpr char kSubject[] = "channel attention";
// Fixed, so that the order of a sum does not depend on the number of threads.
constexpr std::size_t kBlockRows = 4096;

float sigmoid(float x) {
  return static_cast<float>(1.0 / (1.0 + std::exp(-double{x})));
}

/// out_i = sigmoid(gate) * x_i
void scale_channels(Matrix gate, MatrixView x, MutableMatrixView out) {
  for (float& g : gate.values()) g = sigmoid(g);
  parallel_each(x.rows, kBlockRows, [&](std::size_t i) {
    const float* from = x.row(i);
    float* to = out.row(i);
    for (std::size_t c = 0; c < x.cols; ++c) to[c] = gate(0, c) * from[c];
  });
}

}  // namespace

Matrix channel_means(MatrixView x) {
  const std::size_t blocks = (x.rows + kBlockRows - 1) / kBlockRows;
  std::vector<double> sums(blocks * x.cols, 0.0);
  parallel_each(blocks, 1, [&](std::size_t b) {
    double* sum = sums.data() + b * x.cols;
    for (std::size_t i = b * kBlockRows; i < std::min(x.rows, (b + 1) * kBlockRows); ++i) {
      const float* row = x.row(i);
      for (std::size_t c = 0; c < x.cols; ++c) sum[c] += row[c];
    }
  });
  Matrix means(1, x.cols);
  for (std::size_t c = 0; c < x.cols; ++c) {
    double total = 0.0;
    for (std::size_t b = 0; b < blocks; ++b) total += sums[b * x.cols + c];
    means(0, c) = static_cast<float>(total / static_cast<double>(x.rows));
  }
  return means;
}

void squeeze_excite(const SqueezeExciteWeights& w, MatrixView x, MutableMatrixView out) {
  check_shape(kSubject, "the result", out, x.rows, x.cols);
  if (x.rows == 0) return;
  const Matrix hidden = linear(w.reduce, channel_means(x), Activation::kRelu);
  Matrix gate(1, x.cols);
  linear(w.expand, hidden, Activation::kNone, {}, gate);
  scale_channels(std::move(gate), x, out);
}

void efficient_channel_attention(std::span<const float> kernel, MatrixView x,
                                 MutableMatrixView out) {
  check_shape(kSubject, "the result", out, x.rows, x.cols);
  if (kernel.size() % 2 == 0) {
    throw Error(Fault::kUsage, kSubject,
                "a convolution is " + std::to_string(kernel.size()) +
                    " channels wide, expected an odd number");
  }
  if (x.rows == 0) return;
  const Matrix means = channel_means(x);
  const std::size_t reach = kernel.size() / 2;
  Matrix gate(1, x.cols);
  for (std::size_t c = 0; c < x.cols; ++c) {
    float sum = 0.0F;
    const std::size_t first = c < reach ? reach - c : 0;
    const std::size_t last = std::min(kernel.size(), x.cols + reach - c);
    for (std::size_t t = first; t < last; ++t) sum += kernel[t] * means(0, c + t - reach);
    gate(0, c) = sum;
  }
  scale_channels(std::move(gate), x, out);
}

}  // namespace ptattn
