#include "ptattn/models/pct/pass.hpp"

#include <numeric>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "ptattn/core/clone.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/models/pct/int8.hpp"
#include "ptattn/models/pct/neighbors.hpp"
#include "ptattn/models/pct/pct.hpp"
#include "ptattn/nn/kernels/rows.hpp"

namespace ptattn {
namespace {

// --- What depends on the weights ---------------------------------------------------------------

MatrixView apply_layer(const Linear& layer, MatrixView x, Activation activation,
                       ScratchMemory& scratch) {
  return linear(layer, x, activation, scratch);
}

MatrixView apply_layer(const Int8Linear& layer, MatrixView x, Activation activation,
                       ScratchMemory& scratch) {
  return linear(layer, quantized(x, scratch), activation, scratch);
}

void apply_layer_max(const Linear& layer, MatrixView x, MutableMatrixView out) {
  linear_max(layer, x, Activation::kLeakyRelu, out);
}

void apply_layer_max(const Int8Linear& layer, MatrixView x, MutableMatrixView out) {
  ScratchMemory scratch;
  linear_max(layer, quantized(x, scratch), Activation::kLeakyRelu, out);
}

void embed_groups(const GroupingWeights& w, MatrixView features, const PctGroups& groups,
                  MutableMatrixView out) {
  embed_neighborhoods(w, features, groups.sampled, groups.neighbors, out);
}

void embed_groups(const Int8GroupingWeights& w, MatrixView features, const PctGroups& groups,
                  MutableMatrixView out) {
  ScratchMemory scratch;
  embed_neighborhoods(w, quantized(features, scratch), groups.sampled, groups.neighbors, out);
}

/// @param weights  gets the attention weights; nullptr: not needed
void attend_offset(const OffsetAttentionWeights& w, MatrixView x, MutableMatrixView out,
                   Matrix* weights) {
  offset_attention(w, x, out, weights);
}

/// x + ReLU(transform(x - r)), see offset_attention. The weights are not reported.
void attend_offset(const Int8OffsetAttentionWeights& w, MatrixView x, MutableMatrixView out,
                   Matrix* /*weights*/) {
  ScratchMemory scratch;
  const PackedMatrixView values = linear_packed(w.value, quantized(x, scratch), scratch);
  const MatrixView qk = linear(w.query_key, x, Activation::kNone, scratch);
  const MutableMatrixView offset = scratch.matrix(x.rows, values.cols);
  attention_offset(qk, values, x, offset);
  linear(w.transform, quantized(offset, scratch), Activation::kRelu, x, out);
}

template <class Weights>
constexpr bool kTellsAttention = std::is_same_v<Weights, PctWeights>;

// --- What does not -----------------------------------------------------------------------------

void trace_indices(const Trace& trace, std::span<const std::uint32_t> indices) {
  if (!trace) return;
  Matrix values(indices.size(), 1);
  for (std::size_t i = 0; i < indices.size(); ++i) values(i, 0) = static_cast<float>(indices[i]);
  trace("fps" + std::to_string(indices.size()), values);
}

/// Tells the listener the weights of a layer in which every token attends to every token.
void report_attention(const Trace& trace, std::string_view layer, MatrixView tokens,
                      MatrixView weights) {
  std::vector<std::uint32_t> all(tokens.rows);
  std::iota(all.begin(), all.end(), std::uint32_t{0});
  trace.attention({layer, 0, tokens, all, all, weights});
}

/// The points that are left at some depth of the network.
struct Level {
  MatrixView positions;  // [n, 3]
  MatrixView features;   // [n, c]
};

template <class Weights>
class Pass {
 public:
  Pass(const PctConfig& config, const Weights& weights, const Trace& trace)
      : config_(config), weights_(weights), trace_(trace) {}

  [[nodiscard]] Matrix operator()(MatrixView points) const {
    ScratchMemory scratch;
    Level level = embed(points, scratch);
    for (std::size_t stage = 0; stage < config_.groups.size(); ++stage) {
      level = group(level, stage, scratch);
    }
    // The outputs of all attention layers, then their input, side by side.
    const std::size_t channels = level.features.cols;
    const std::size_t attended = channels * weights_.attention.size();
    const MutableMatrixView features = scratch.matrix(level.features.rows, attended + channels);
    attend(level, features.cols_range(0, attended));
    copy_matrix(level.features, features.cols_range(attended, channels));
    return classify(features, level.positions);
  }

 private:
  /// A layer with batch norm and activation. The listener gets the norm's output, as the layer of
  /// the original does not contain the activation; computing it again costs nothing without a
  /// listener.
  template <class Layer>
  [[nodiscard]] MatrixView normed_layer(const Layer& layer, MatrixView x, Activation activation,
                                        std::string_view name, MatrixView positions,
                                        ScratchMemory& scratch) const {
    if (trace_) {
      ScratchMemory of_listener;
      trace_(name, apply_layer(layer, x, Activation::kNone, of_listener), positions);
    }
    return apply_layer(layer, x, activation, scratch);
  }

  [[nodiscard]] Level embed(MatrixView points, ScratchMemory& scratch) const {
    const MatrixView x =
        normed_layer(weights_.conv1, points, Activation::kRelu, "bn1", points, scratch);
    return {points, normed_layer(weights_.conv2, x, Activation::kRelu, "bn2", points, scratch)};
  }

  [[nodiscard]] Level group(const Level& level, std::size_t stage, ScratchMemory& scratch) const {
    const auto& layers = weights_.gather_local[stage];
    const PctGroups groups = pct_groups(level.positions, config_.groups[stage], scratch);
    trace_indices(trace_, groups.sampled);
    const MutableMatrixView features =
        scratch.matrix(groups.positions.rows, layers.second.weight.cols());
    embed_groups(layers, level.features, groups, features);
    if (trace_) trace_("gather_local_" + std::to_string(stage), features, groups.positions);
    return {groups.positions, features};
  }

  void attend(const Level& level, MutableMatrixView outputs) const {
    ScratchMemory scratch;
    MatrixView x = normed_layer(weights_.last_conv1, level.features, Activation::kRelu,
                                "pt_last.bn1", level.positions, scratch);
    MatrixView encoding;
    MutableMatrixView sum;
    if (config_.position_encoding) {
      encoding = normed_layer(weights_.pos_xyz, level.positions, Activation::kNone,
                              "pt_last.pos_xyz", level.positions, scratch);
      sum = scratch.matrix(x.rows, x.cols);
    } else {
      x = normed_layer(weights_.last_conv2, x, Activation::kRelu, "pt_last.bn2", level.positions,
                       scratch);
    }
    const std::size_t channels = x.cols;
    for (std::size_t i = 0; i < weights_.attention.size(); ++i) {
      if (config_.position_encoding) {
        add_matrices(x, encoding, sum);
        x = sum;
      }
      const MutableMatrixView out = outputs.cols_range(i * channels, channels);
      const std::string name = pct_attention_name(i);
      Matrix weights;
      const bool wanted = kTellsAttention<Weights> && trace_.wants_attention(name);
      attend_offset(weights_.attention[i], x, out, wanted ? &weights : nullptr);
      if (wanted) report_attention(trace_, name, level.positions, weights);
      if (trace_) trace_(name, out, level.positions);
      x = out;
    }
    if (trace_) trace_("pt_last", outputs, level.positions);
  }

  [[nodiscard]] Matrix classify(MatrixView features, MatrixView positions) const {
    ScratchMemory scratch;
    if (trace_) {
      ScratchMemory of_listener;
      trace_("conv_fuse",
             apply_layer(weights_.conv_fuse, features, Activation::kLeakyRelu, of_listener),
             positions);
    }
    const auto& [first, second, last] = weights_.linear;
    const MutableMatrixView whole = scratch.matrix(1, weights_.conv_fuse.weight.cols());
    apply_layer_max(weights_.conv_fuse, features, whole);
    MatrixView x = normed_layer(first, whole, Activation::kLeakyRelu, "bn6", {}, scratch);
    x = normed_layer(second, x, Activation::kLeakyRelu, "bn7", {}, scratch);
    Matrix scores = linear(last, x);
    if (trace_) trace_("linear3", scores);
    return scores;
  }

  const PctConfig& config_;
  const Weights& weights_;
  const Trace& trace_;
};

}  // namespace

std::string pct_attention_name(std::size_t layer) {
  return "pt_last.sa" + std::to_string(layer + 1);
}

template <class Weights>
Matrix pct_logits(const PctConfig& config, const Weights& weights, MatrixView points,
                  const Trace& trace) {
  const std::size_t least = config.groups[0].points;
  if (points.cols != 3 || points.rows < least) {
    throw Error(Fault::kUsage, "pct",
                "got " + std::to_string(points.rows) + " points of " + std::to_string(points.cols) +
                    " coordinates, expected at least " + std::to_string(least) + " of 3");
  }
  return Pass<Weights>(config, weights, trace)(points);
}

template Matrix pct_logits(const PctConfig& config, const PctWeights& weights, MatrixView points,
                           const Trace& trace);
template Matrix pct_logits(const PctConfig& config, const PctInt8Weights& weights,
                           MatrixView points, const Trace& trace);

}  // namespace ptattn
