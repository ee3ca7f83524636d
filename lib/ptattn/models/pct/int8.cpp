#include "ptattn/models/pct/int8.hpp"

#include <string>
#include <utility>

#include "ptattn/core/clone.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/models/pct/neighbors.hpp"
#include "ptattn/nn/kernels/rows.hpp"

namespace ptattn {
namespace {

/// x + ReLU(transform(x - r)), see offset_attention.
void offset_attention(const Int8OffsetAttentionWeights& w, MatrixView x, MutableMatrixView out) {
  ScratchMemory scratch;
  const PackedMatrixView values = linear_packed(w.value, quantized(x, scratch), scratch);
  const MatrixView qk = linear(w.query_key, x, Activation::kNone, scratch);
  const MutableMatrixView offset = scratch.matrix(x.rows, values.cols);
  attention_offset(qk, values, x, offset);
  linear(w.transform, quantized(offset, scratch), Activation::kRelu, x, out);
}

/// A layer whose input is quantised first.
MatrixView quantized_linear(const Int8Linear& layer, MatrixView x, Activation activation,
                            ScratchMemory& scratch) {
  return linear(layer, quantized(x, scratch), activation, scratch);
}

}  // namespace

PctInt8Weights::PctInt8Weights(PctWeights weights)
    : conv1(std::move(weights.conv1)),
      conv2(std::move(weights.conv2)),
      gather_local{Int8GroupingWeights(weights.gather_local[0]),
                   Int8GroupingWeights(weights.gather_local[1])},
      last_conv1(weights.last_conv1),
      last_conv2(weights.last_conv2),
      pos_xyz(std::move(weights.pos_xyz)),
      conv_fuse(weights.conv_fuse),
      linear(std::move(weights.linear)) {
  for (OffsetAttentionWeights& w : weights.attention) {
    attention.push_back({std::move(w.query_key), Int8Linear(w.value), Int8Linear(w.transform)});
  }
}

PctInt8::PctInt8(const PctConfig& config, PctInt8Weights weights)
    : config_(config), weights_(std::move(weights)) {}

Matrix PctInt8::logits(MatrixView points, const Trace& trace) const {
  if (points.cols != 3 || points.rows < min_points()) {
    throw Error(Fault::kUsage, "pct",
                "got " + std::to_string(points.rows) + " points of " + std::to_string(points.cols) +
                    " coordinates, expected at least " + std::to_string(min_points()) + " of 3");
  }
  ScratchMemory scratch;
  MatrixView positions = points;
  MatrixView features = linear(weights_.conv1, points, Activation::kRelu, scratch);
  features = linear(weights_.conv2, features, Activation::kRelu, scratch);
  for (std::size_t stage = 0; stage < config_.groups.size(); ++stage) {
    const Int8GroupingWeights& layers = weights_.gather_local[stage];
    const auto [sampled, centers, neighbors] =
        pct_groups(positions, config_.groups[stage], scratch);
    const MutableMatrixView grouped = scratch.matrix(centers.rows, layers.second.weight.cols());
    embed_neighborhoods(layers, quantized(features, scratch), sampled, neighbors, grouped);
    features = grouped;
    positions = centers;
    if (trace) trace("gather_local_" + std::to_string(stage), features, positions);
  }
  // The outputs of all attention layers, then their input, side by side.
  const std::size_t attended = features.cols * weights_.attention.size();
  const MutableMatrixView all = scratch.matrix(features.rows, attended + features.cols);
  attend(features, positions, all.cols_range(0, attended), trace);
  copy_matrix(features, all.cols_range(attended, features.cols));
  Matrix scores = classify(all);
  if (trace) trace("linear3", scores);
  return scores;
}

void PctInt8::attend(MatrixView features, MatrixView positions, MutableMatrixView outputs,
                     const Trace& trace) const {
  ScratchMemory scratch;
  MatrixView x = quantized_linear(weights_.last_conv1, features, Activation::kRelu, scratch);
  MatrixView encoding;
  MutableMatrixView sum;
  if (config_.position_encoding) {
    encoding = linear(weights_.pos_xyz, positions, Activation::kNone, scratch);
    sum = scratch.matrix(x.rows, x.cols);
  } else {
    x = quantized_linear(weights_.last_conv2, x, Activation::kRelu, scratch);
  }
  const std::size_t channels = x.cols;
  for (std::size_t i = 0; i < weights_.attention.size(); ++i) {
    if (config_.position_encoding) {
      add_matrices(x, encoding, sum);
      x = sum;
    }
    const MutableMatrixView out = outputs.cols_range(i * channels, channels);
    offset_attention(weights_.attention[i], x, out);
    if (trace) trace("pt_last.sa" + std::to_string(i + 1), out, positions);
    x = out;
  }
  if (trace) trace("pt_last", outputs, positions);
}

Matrix PctInt8::classify(MatrixView features) const {
  const auto& [first, second, last] = weights_.linear;
  ScratchMemory scratch;
  const MutableMatrixView whole = scratch.matrix(1, weights_.conv_fuse.weight.cols());
  linear_max(weights_.conv_fuse, quantized(features, scratch), Activation::kLeakyRelu, whole);
  const MatrixView x = linear(first, whole, Activation::kLeakyRelu, scratch);
  return linear(last, linear(second, x, Activation::kLeakyRelu, scratch));
}

}  // namespace ptattn
