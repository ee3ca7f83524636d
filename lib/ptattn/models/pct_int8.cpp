#include "ptattn/models/pct_int8.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "ptattn/core/error.hpp"
#include "ptattn/models/pct_neighbors.hpp"
#include "ptattn/sampling/farthest_point.hpp"

namespace ptattn {
namespace {

void copy(MatrixView from, MutableMatrixView to) {
  for (std::size_t i = 0; i < from.rows; ++i) std::copy_n(from.row(i), from.cols, to.row(i));
}

Matrix sum(MatrixView a, MatrixView b) {
  Matrix out(a.rows, a.cols);
  for (std::size_t i = 0; i < a.rows; ++i) {
    for (std::size_t j = 0; j < a.cols; ++j) out(i, j) = a(i, j) + b(i, j);
  }
  return out;
}

/// x + ReLU(transform(x - r)), see offset_attention.
void offset_attention(const Int8OffsetAttentionWeights& w, MatrixView x, MutableMatrixView out) {
  const Matrix values = linear(w.value, quantized(x).view());
  const Matrix offset =
      attention_offset(linear(w.query_key, x), PackedMatrix::from_rows(values), x);
  linear(w.transform, quantized(offset).view(), Activation::kRelu, x, out);
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
  Matrix positions(points.rows, 3);
  copy(points, positions);
  Matrix features =
      linear(weights_.conv2, linear(weights_.conv1, points, Activation::kRelu), Activation::kRelu);
  for (std::size_t stage = 0; stage < config_.groups.size(); ++stage) {
    const PctConfig::Group& size = config_.groups[stage];
    const auto sampled = farthest_point_sample(positions, size.points);
    Matrix centers = gather_rows(positions, sampled);
    const auto neighbors = pct_neighbors(positions, centers, size.neighbors);
    features = embed_neighborhoods(weights_.gather_local[stage], quantized(features).view(),
                                   sampled, neighbors);
    positions = std::move(centers);
    if (trace) trace("gather_local_" + std::to_string(stage), features, positions);
  }
  Matrix scores = classify(attend(features, positions, trace));
  if (trace) trace("linear3", scores);
  return scores;
}

Matrix PctInt8::attend(MatrixView features, MatrixView positions, const Trace& trace) const {
  const std::size_t channels = features.cols;
  const std::size_t attended = channels * weights_.attention.size();
  Matrix all(features.rows, attended + channels);
  copy(features, all.view().cols_range(attended, channels));

  Matrix entry = linear(weights_.last_conv1, quantized(features).view(), Activation::kRelu);
  Matrix encoding;
  if (config_.position_encoding) {
    encoding = linear(weights_.pos_xyz, positions);
  } else {
    entry = linear(weights_.last_conv2, quantized(entry).view(), Activation::kRelu);
  }
  MatrixView x = entry;
  for (std::size_t i = 0; i < weights_.attention.size(); ++i) {
    if (config_.position_encoding) {
      entry = sum(x, encoding);
      x = entry;
    }
    const MutableMatrixView out = all.view().cols_range(i * channels, channels);
    offset_attention(weights_.attention[i], x, out);
    if (trace) trace("pt_last.sa" + std::to_string(i + 1), out, positions);
    x = out;
  }
  if (trace) trace("pt_last", all.view().cols_range(0, attended), positions);
  return all;
}

Matrix PctInt8::classify(MatrixView features) const {
  Matrix x = linear_max(weights_.conv_fuse, quantized(features).view(), Activation::kLeakyRelu);
  x = linear(weights_.linear[0], x, Activation::kLeakyRelu);
  x = linear(weights_.linear[1], x, Activation::kLeakyRelu);
  return linear(weights_.linear[2], x);
}

}  // namespace ptattn
