#include "ptattn/models/pct/spct.hpp"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "ptattn/core/error.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/models/batch.hpp"
#include "ptattn/nn/kernels/reduce.hpp"

namespace ptattn {
namespace {

std::string layer_name(std::size_t index) {
  return "sa" + std::to_string(index + 1);
}

/// All weights of one cloud's attention, for a listener.
void tell_weights(const Trace& trace, const std::string& name, MatrixView positions, CloudRows rows,
                  MatrixView weights) {
  std::vector<std::uint32_t> tokens(rows.count);
  std::iota(tokens.begin(), tokens.end(), static_cast<std::uint32_t>(rows.begin));
  trace.attention({name, 0, positions, tokens, tokens, weights});
}

}  // namespace

Spct::Spct(const SpctConfig& config, SpctWeights weights)
    : config_(config), weights_(std::move(weights)) {}

std::vector<AttentionLayer> Spct::attention_layers() const {
  std::vector<AttentionLayer> layers;
  for (std::size_t i = 0; i < weights_.attention.size(); ++i) layers.push_back({layer_name(i), 1});
  return layers;
}

void Spct::fuse(const PointInput& input, const Trace& trace, MutableMatrixView out) const {
  ScratchMemory scratch;
  MatrixView x = linear(weights_.conv1, input.features, Activation::kRelu, scratch);
  x = linear(weights_.conv2, x, Activation::kRelu, scratch);
  const MutableMatrixView outputs = scratch.matrix(x.rows, x.cols * weights_.attention.size());
  attend(input, x, trace, outputs);
  linear(weights_.conv_fuse, outputs, Activation::kLeakyRelu, {}, out);
}

void Spct::attend(const PointInput& input, MatrixView x, const Trace& trace,
                  MutableMatrixView outputs) const {
  ScratchMemory scratch;
  const auto clouds = cloud_rows(input, scratch);
  const std::size_t channels = x.cols;
  for (std::size_t i = 0; i < weights_.attention.size(); ++i) {
    const std::string name = layer_name(i);
    const MutableMatrixView out = outputs.cols_range(i * channels, channels);
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
}

MatrixView Spct::describe(MatrixView fused, std::size_t category, ScratchMemory& scratch) const {
  const MutableMatrixView one_hot = scratch.matrix(1, config_.num_categories);
  std::fill_n(one_hot.data, one_hot.cols, 0.0F);
  one_hot(0, category) = 1.0F;
  const MutableMatrixView whole = scratch.matrix(1, 2 * fused.cols + config_.label_channels);
  column_max(fused, whole.data);
  column_mean(fused, whole.data + fused.cols);
  linear(weights_.label_conv, one_hot, Activation::kLeakyRelu, {},
         whole.cols_range(2 * fused.cols, config_.label_channels));
  return linear(weights_.convs1_cloud, whole, Activation::kNone, scratch);
}

PointOutput Spct::forward(const PointInput& input, const Trace& trace) const {
  check_point_input(input, config_.in_channels, "spct");
  if (!input.category || *input.category >= config_.num_categories) {
    throw Error(Fault::kUsage, "spct",
                "needs the object's category, less than " + std::to_string(config_.num_categories));
  }
  ScratchMemory scratch;
  const MutableMatrixView fused =
      scratch.matrix(input.positions.rows, weights_.conv_fuse.weight.cols());
  fuse(input, trace, fused);
  if (trace) trace("conv_fuse", fused, input.positions);
  const MutableMatrixView x = scratch.matrix(fused.rows, config_.head_channels[0]);
  for (const auto& [begin, count] : cloud_rows(input, scratch)) {
    if (count == 0) continue;
    const MatrixView rows = fused.rows_range(begin, count);
    ScratchMemory of_cloud;
    const MatrixView whole = describe(rows, *input.category, of_cloud);
    // ReLU(W_point f + (W_cloud g + bias)): what the cloud has in common acts as the bias.
    multiply(rows, weights_.convs1_point.weight, {whole.data, Activation::kRelu, {}},
             x.rows_range(begin, count));
  }
  Matrix scores = linear(weights_.convs3, linear(weights_.convs2, x, Activation::kRelu, scratch));
  if (trace) trace("convs3", scores, input.positions);
  return {std::move(scores), {}};
}

}  // namespace ptattn
