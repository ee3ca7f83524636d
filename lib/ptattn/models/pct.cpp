#include "ptattn/models/pct.hpp"

#include <algorithm>
#include <numeric>
#include <span>
#include <string>
#include <utility>

#include "ptattn/core/error.hpp"
#include "ptattn/models/pct_neighbors.hpp"
#include "ptattn/sampling/farthest_point.hpp"

namespace ptattn {
namespace {

void trace_indices(const Trace& trace, std::span<const std::uint32_t> indices) {
  if (!trace) return;
  Matrix values(indices.size(), 1);
  for (std::size_t i = 0; i < indices.size(); ++i) values(i, 0) = static_cast<float>(indices[i]);
  trace("fps" + std::to_string(indices.size()), values);
}

/// A layer with batch norm and activation. The listener gets the norm's output, as the layer of the
/// original does not contain the activation; computing it again costs nothing without a listener.
Matrix normed_linear(const Linear& layer, MatrixView x, Activation activation, const Trace& trace,
                     std::string_view name, MatrixView positions = {}) {
  if (trace) trace(name, linear(layer, x), positions);
  return linear(layer, x, activation);
}

/// linear() whose result goes to the listener, too.
Matrix traced_linear(const Linear& layer, MatrixView x, Activation activation, const Trace& trace,
                     std::string_view name, MatrixView positions = {}) {
  Matrix out = linear(layer, x, activation);
  if (trace) trace(name, out, positions);
  return out;
}

Matrix sum(MatrixView a, MatrixView b) {
  Matrix out(a.rows, a.cols);
  for (std::size_t i = 0; i < a.rows; ++i) {
    for (std::size_t j = 0; j < a.cols; ++j) out(i, j) = a(i, j) + b(i, j);
  }
  return out;
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

void copy(MatrixView from, MutableMatrixView to) {
  for (std::size_t i = 0; i < from.rows; ++i) std::copy_n(from.row(i), from.cols, to.row(i));
}

}  // namespace

/// The points that are left at some depth of the network.
struct Pct::Level {
  Matrix positions;  // [n, 3]
  Matrix features;   // [n, c]
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
  Level level = embed(points, trace);
  for (std::size_t stage = 0; stage < config_.groups.size(); ++stage) {
    level = group(level, stage, trace);
  }
  // The outputs of all attention layers, then their input, side by side.
  const std::size_t channels = level.features.cols();
  const std::size_t attended = channels * config_.attention_layers;
  Matrix features(level.features.rows(), attended + channels);
  attend(level, features.view().cols_range(0, attended), trace);
  copy(level.features, features.view().cols_range(attended, channels));
  return classify(features, level.positions, trace);
}

Pct::Level Pct::embed(MatrixView points, const Trace& trace) const {
  Level level;
  level.positions = Matrix(points.rows, 3);
  copy(points, level.positions);
  const Matrix x = normed_linear(weights_.conv1, points, Activation::kRelu, trace, "bn1", points);
  level.features = normed_linear(weights_.conv2, x, Activation::kRelu, trace, "bn2", points);
  return level;
}

Pct::Level Pct::group(const Level& level, std::size_t stage, const Trace& trace) const {
  const PctConfig::Group& size = config_.groups[stage];
  const auto sampled = farthest_point_sample(level.positions, size.points);
  trace_indices(trace, sampled);
  Level next;
  next.positions = gather_rows(level.positions, sampled);
  const auto neighbors = pct_neighbors(level.positions, next.positions, size.neighbors);
  next.features =
      embed_neighborhoods(weights_.gather_local[stage], level.features, sampled, neighbors);
  if (trace) trace("gather_local_" + std::to_string(stage), next.features, next.positions);
  return next;
}

void Pct::attend(const Level& level, MutableMatrixView outputs, const Trace& trace) const {
  Matrix entry = normed_linear(weights_.last_conv1, level.features, Activation::kRelu, trace,
                               "pt_last.bn1", level.positions);
  Matrix positions;
  if (config_.position_encoding) {
    positions = traced_linear(weights_.pos_xyz, level.positions, Activation::kNone, trace,
                              "pt_last.pos_xyz", level.positions);
  } else {
    entry = normed_linear(weights_.last_conv2, entry, Activation::kRelu, trace, "pt_last.bn2",
                          level.positions);
  }
  const std::size_t channels = entry.cols();
  MatrixView x = entry;
  for (std::size_t i = 0; i < weights_.attention.size(); ++i) {
    if (config_.position_encoding) {
      entry = sum(x, positions);
      x = entry;
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
  Matrix x(1, weights_.conv_fuse.weight.cols());
  linear_max(weights_.conv_fuse, features, Activation::kLeakyRelu, x);
  x = normed_linear(weights_.linear[0], x, Activation::kLeakyRelu, trace, "bn6");
  x = normed_linear(weights_.linear[1], x, Activation::kLeakyRelu, trace, "bn7");
  return traced_linear(weights_.linear[2], x, Activation::kNone, trace, "linear3");
}

}  // namespace ptattn
