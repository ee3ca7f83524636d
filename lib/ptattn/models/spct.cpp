#include "ptattn/models/spct.hpp"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "ptattn/core/error.hpp"
#include "ptattn/models/cloud_rows.hpp"
#include "ptattn/nn/kernels/reduce.hpp"

namespace ptattn {
namespace {

std::string layer_name(std::size_t index) {
  return "sa" + std::to_string(index + 1);
}

/// All weights of one cloud's attention, for whoever listens.
void tell_weights(const Trace& trace, const std::string& name, MatrixView positions, CloudRows rows,
                  MatrixView weights) {
  std::vector<std::uint32_t> tokens(rows.count);
  std::iota(tokens.begin(), tokens.end(), static_cast<std::uint32_t>(rows.begin));
  trace.attention({name, 0, positions, tokens, tokens, weights});
}

/// Mean of every column, summed in float64.
void column_mean(MatrixView x, float* out) {
  std::vector<double> sums(x.cols, 0.0);
  for (std::size_t i = 0; i < x.rows; ++i) {
    for (std::size_t c = 0; c < x.cols; ++c) sums[c] += x(i, c);
  }
  for (std::size_t c = 0; c < x.cols; ++c) {
    out[c] = static_cast<float>(sums[c] / static_cast<double>(x.rows));
  }
}

}  // namespace

Spct::Spct(const SpctConfig& config, SpctWeights weights)
    : config_(config), weights_(std::move(weights)) {}

std::vector<AttentionLayer> Spct::attention_layers() const {
  std::vector<AttentionLayer> layers;
  for (std::size_t i = 0; i < weights_.attention.size(); ++i) layers.push_back({layer_name(i), 1});
  return layers;
}

Matrix Spct::attend(const PointInput& input, const Trace& trace) const {
  const std::vector<CloudRows> clouds = cloud_rows(input);
  const Matrix embedded = linear(
      weights_.conv2, linear(weights_.conv1, input.features, Activation::kRelu), Activation::kRelu);
  const std::size_t channels = embedded.cols();
  Matrix outputs(embedded.rows(), channels * weights_.attention.size());
  MatrixView x = embedded;
  for (std::size_t i = 0; i < weights_.attention.size(); ++i) {
    const std::string name = layer_name(i);
    const MutableMatrixView out = outputs.view().cols_range(i * channels, channels);
    const bool wanted = trace.wants_attention(name);
    for (const CloudRows rows : clouds) {
      Matrix weights;
      offset_attention(weights_.attention[i], x.rows_range(rows.begin, rows.count),
                       out.rows_range(rows.begin, rows.count), wanted ? &weights : nullptr);
      if (wanted) tell_weights(trace, name, input.positions, rows, weights);
    }
    if (trace) trace(name, out, input.positions);
    x = out;
  }
  return outputs;
}

Matrix Spct::describe(MatrixView fused, std::size_t category) const {
  Matrix one_hot(1, config_.num_categories);
  std::ranges::fill(one_hot.values(), 0.0F);
  one_hot(0, category) = 1.0F;
  Matrix whole(1, 2 * fused.cols + config_.label_channels);
  column_max(fused, whole.data());
  column_mean(fused, whole.data() + fused.cols);
  linear(weights_.label_conv, one_hot, Activation::kLeakyRelu, {},
         whole.view().cols_range(2 * fused.cols, config_.label_channels));
  return linear(weights_.convs1_cloud, whole);
}

PointOutput Spct::forward(const PointInput& input, const Trace& trace) const {
  check_point_input(input, config_.in_channels, "spct");
  if (!input.category || *input.category >= config_.num_categories) {
    throw Error(Fault::kUsage, "spct",
                "needs the object's category, less than " + std::to_string(config_.num_categories));
  }
  const Matrix fused = linear(weights_.conv_fuse, attend(input, trace), Activation::kLeakyRelu);
  if (trace) trace("conv_fuse", fused, input.positions);
  Matrix x(fused.rows(), config_.head_channels[0]);
  for (const auto& [begin, count] : cloud_rows(input)) {
    if (count == 0) continue;
    const MatrixView rows = fused.view().rows_range(begin, count);
    const Matrix whole = describe(rows, *input.category);
    // ReLU(W_point f + (W_cloud g + bias)): what the cloud has in common acts as the bias.
    multiply(rows, weights_.convs1_point.weight, {whole.data(), Activation::kRelu, {}},
             x.view().rows_range(begin, count));
  }
  x = linear(weights_.convs2, x, Activation::kRelu);
  x = linear(weights_.convs3, x);
  if (trace) trace("convs3", x, input.positions);
  return {std::move(x), {}};
}

}  // namespace ptattn
