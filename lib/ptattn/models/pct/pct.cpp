#include "ptattn/models/pct/pct.hpp"

#include <numeric>
#include <span>
#include <string>
#include <utility>

#include "ptattn/core/clone.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/models/pct/neighbors.hpp"
#include "ptattn/nn/kernels/rows.hpp"

namespace ptattn {
namespace {

void trace_indices(const Trace& trace, std::span<const std::uint32_t> indices) {
  if (!trace) return;
  Matrix values(indices.size(), 1);
  for (std::size_t i = 0; i < indices.size(); ++i) values(i, 0) = static_cast<float>(indices[i]);
  trace("fps" + std::to_string(indices.size()), values);
}

/// Who listens to a layer, by which name, and where the rows are.
struct Listener {
  const Trace& trace;
  std::string_view name;
  MatrixView positions{};
};

/// A layer with batch norm and activation. The listener gets the norm's output, as the layer of the
/// original does not contain the activation; computing it again costs nothing without a listener.
MatrixView normed_linear(const Linear& layer, MatrixView x, Activation activation,
                         ScratchMemory& scratch, const Listener& listener) {
  if (listener.trace) listener.trace(listener.name, linear(layer, x), listener.positions);
  return linear(layer, x, activation, scratch);
}

std::string attention_name(std::size_t layer) {
  return "pt_last.sa" + std::to_string(layer + 1);
}

/// Tells the listener the weights of a layer in which every token attends to every token.
void report_attention(const Trace& trace, std::string_view layer, MatrixView tokens,
                      MatrixView weights) {
  std::vector<std::uint32_t> all(tokens.rows);
  std::iota(all.begin(), all.end(), std::uint32_t{0});
  trace.attention({layer, 0, tokens, all, all, weights});
}

}  // namespace

/// The points that are left at some depth of the network.
struct Pct::Level {
  MatrixView positions;  // [n, 3]
  MatrixView features;   // [n, c]
};

Pct::Pct(const PctConfig& config, PctWeights weights)
    : config_(config), weights_(std::move(weights)) {}

std::vector<AttentionLayer> Pct::attention_layers() const {
  std::vector<AttentionLayer> layers;
  for (std::size_t i = 0; i < weights_.attention.size(); ++i) layers.push_back({attention_name(i)});
  return layers;
}

Matrix Pct::logits(MatrixView points, const Trace& trace) const {
  if (points.cols != 3 || points.rows < min_points()) {
    throw Error(Fault::kUsage, "pct",
                "got " + std::to_string(points.rows) + " points of " + std::to_string(points.cols) +
                    " coordinates, expected at least " + std::to_string(min_points()) + " of 3");
  }
  ScratchMemory scratch;
  Level level = embed(points, scratch, trace);
  for (std::size_t stage = 0; stage < config_.groups.size(); ++stage) {
    level = group(level, stage, scratch, trace);
  }
  // The outputs of all attention layers, then their input, side by side.
  const std::size_t channels = level.features.cols;
  const std::size_t attended = channels * config_.attention_layers;
  const MutableMatrixView features = scratch.matrix(level.features.rows, attended + channels);
  attend(level, features.cols_range(0, attended), trace);
  copy_matrix(level.features, features.cols_range(attended, channels));
  return classify(features, level.positions, trace);
}

Pct::Level Pct::embed(MatrixView points, ScratchMemory& scratch, const Trace& trace) const {
  const MatrixView x =
      normed_linear(weights_.conv1, points, Activation::kRelu, scratch, {trace, "bn1", points});
  return {points,
          normed_linear(weights_.conv2, x, Activation::kRelu, scratch, {trace, "bn2", points})};
}

Pct::Level Pct::group(const Level& level, std::size_t stage, ScratchMemory& scratch,
                      const Trace& trace) const {
  const GroupingWeights& layers = weights_.gather_local[stage];
  const auto [sampled, positions, neighbors] =
      pct_groups(level.positions, config_.groups[stage], scratch);
  trace_indices(trace, sampled);
  const MutableMatrixView features = scratch.matrix(positions.rows, layers.second.weight.cols());
  embed_neighborhoods(layers, level.features, sampled, neighbors, features);
  if (trace) trace("gather_local_" + std::to_string(stage), features, positions);
  return {positions, features};
}

void Pct::attend(const Level& level, MutableMatrixView outputs, const Trace& trace) const {
  const auto listener = [&](const char* name) { return Listener{trace, name, level.positions}; };
  ScratchMemory scratch;
  MatrixView x = normed_linear(weights_.last_conv1, level.features, Activation::kRelu, scratch,
                               listener("pt_last.bn1"));
  MatrixView encoding;
  MutableMatrixView sum;
  if (config_.position_encoding) {
    encoding = normed_linear(weights_.pos_xyz, level.positions, Activation::kNone, scratch,
                             listener("pt_last.pos_xyz"));
    sum = scratch.matrix(x.rows, x.cols);
  } else {
    x = normed_linear(weights_.last_conv2, x, Activation::kRelu, scratch, listener("pt_last.bn2"));
  }
  const std::size_t channels = x.cols;
  for (std::size_t i = 0; i < weights_.attention.size(); ++i) {
    if (config_.position_encoding) {
      add_matrices(x, encoding, sum);
      x = sum;
    }
    const MutableMatrixView out = outputs.cols_range(i * channels, channels);
    const std::string name = attention_name(i);
    Matrix weights;
    const bool wanted = trace.wants_attention(name);
    offset_attention(weights_.attention[i], x, out, wanted ? &weights : nullptr);
    if (wanted) report_attention(trace, name, level.positions, weights);
    if (trace) trace(name, out, level.positions);
    x = out;
  }
  if (trace) trace("pt_last", outputs, level.positions);
}

Matrix Pct::classify(MatrixView features, MatrixView positions, const Trace& trace) const {
  if (trace) {
    trace("conv_fuse", linear(weights_.conv_fuse, features, Activation::kLeakyRelu), positions);
  }
  const auto& [first, second, last] = weights_.linear;
  ScratchMemory scratch;
  const MutableMatrixView whole = scratch.matrix(1, weights_.conv_fuse.weight.cols());
  linear_max(weights_.conv_fuse, features, Activation::kLeakyRelu, whole);
  MatrixView x = normed_linear(first, whole, Activation::kLeakyRelu, scratch, {trace, "bn6"});
  x = normed_linear(second, x, Activation::kLeakyRelu, scratch, {trace, "bn7"});
  Matrix scores = linear(last, x);
  if (trace) trace("linear3", scores);
  return scores;
}

}  // namespace ptattn
