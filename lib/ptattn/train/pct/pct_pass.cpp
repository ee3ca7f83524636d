#include "ptattn/train/pct/pct_pass.hpp"

#include <algorithm>
#include <numeric>
#include <string>

#include "ptattn/core/clone.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/models/pct/neighbors.hpp"
#include "ptattn/train/layers/dropout.hpp"
#include "ptattn/train/layers/row_passes.hpp"
#include "ptattn/train/layers/segment_pooling.hpp"

namespace ptattn::train {
namespace {

[[noreturn]] void refuse(const std::string& problem) {
  throw Error(Fault::kUsage, "pct", problem);
}

std::size_t begin_of(std::span<const std::size_t> ends, std::size_t cloud) {
  return cloud == 0 ? 0 : ends[cloud - 1];
}

}  // namespace

void PctLayers::pack(ScratchMemory& scratch) {
  for (NormedLayer* layer : {&conv1, &conv2, &last_conv1, &last_conv2, &fuse, &linear1, &linear2}) {
    layer->pack(scratch);
  }
  for (NeighborEmbedding& layer : gather_local) layer.pack(scratch);
  for (OffsetAttentionLayer& layer : attention) layer.pack(scratch);
  linear3.pack(scratch);
}

PctPass::Level PctPass::read(const PointInput& input) {
  if (input.positions.cols != 3) {
    refuse("got positions of " + std::to_string(input.positions.cols) + " coordinates, expected 3");
  }
  const auto ends = scratch_.take<std::size_t>(std::max<std::size_t>(1, input.ends.size()));
  ends.back() = input.positions.rows;
  std::ranges::copy(input.ends, ends.begin());
  const std::size_t least = layers_.config.groups.front().points;
  for (std::size_t c = 0; c < ends.size(); ++c) {
    if (ends[c] < begin_of(ends, c) + least || ends.back() != input.positions.rows) {
      refuse("got a cloud of fewer points than " + std::to_string(least) +
             ", or ends that are not those of the clouds");
    }
  }
  return {input.positions, ends, input.positions};
}

MatrixView PctPass::normed(const NormedLayer& layer, MatrixView x, NormedLayerRecord& record) {
  const MutableMatrixView y = scratch_.matrix(x.rows, layer.out());
  record = layer.forward(x, statistics_, y, scratch_);
  return y;
}

/// Samples every cloud and finds the neighbours of the sampled points.
Neighborhoods PctPass::group(const Level& level, std::size_t stage, Level& sampled) {
  const PctConfig::Group& group = layers_.config.groups[stage];
  const std::size_t clouds = level.ends.size();
  const auto centers = scratch_.take<std::uint32_t>(clouds * group.points);
  const auto neighbors = scratch_.take<std::uint32_t>(centers.size() * group.neighbors);
  const auto ends = scratch_.take<std::size_t>(clouds);
  const MutableMatrixView positions = scratch_.matrix(centers.size(), 3);
  parallel_each(clouds, 1, [&](std::size_t c) {
    ScratchMemory of_task;
    const std::size_t first = begin_of(level.ends, c);
    const PctGroups found =
        pct_groups(level.positions.rows_range(first, level.ends[c] - first), group, of_task);
    const std::size_t begin = c * group.points;
    ends[c] = begin + group.points;
    const auto row = [&](std::uint32_t index) { return static_cast<std::uint32_t>(first + index); };
    std::ranges::transform(found.sampled, centers.begin() + static_cast<std::ptrdiff_t>(begin),
                           row);
    std::ranges::transform(found.neighbors,
                           neighbors.begin() + static_cast<std::ptrdiff_t>(begin * group.neighbors),
                           row);
    copy_matrix(found.positions, positions.rows_range(begin, group.points));
  });
  sampled = {positions, ends, {}};
  return {centers, neighbors, level.ends, ends};
}

MatrixView PctPass::forward(const PointInput& input, const LogitsLoss& loss) {
  Level level = read(input);
  level.features = normed(layers_.conv1, level.positions, conv1_);
  level.features = normed(layers_.conv2, level.features, conv2_);
  for (std::size_t stage = 0; stage < grouped_.size(); ++stage) {
    Level sampled;
    const Neighborhoods where = group(level, stage, sampled);
    const MutableMatrixView features =
        scratch_.matrix(where.centers.size(), layers_.gather_local[stage].out());
    grouped_[stage] =
        layers_.gather_local[stage].forward(where, level.features, statistics_, features, scratch_);
    sampled.features = features;
    level = sampled;
  }
  ends_ = level.ends;
  // The outputs of all attention layers, then their input, side by side.
  const std::size_t c = level.features.cols;
  const std::size_t attended = c * layers_.attention.size();
  const MutableMatrixView features = scratch_.matrix(level.features.rows, attended + c);
  attend(level, features.cols_range(0, attended));
  copy_matrix(level.features, features.cols_range(attended, c));
  const MatrixView logits = classify(pool(normed(layers_.fuse, features, fuse_), level.ends));
  const MutableMatrixView d_logits = like(logits);
  loss(logits, d_logits);
  return d_logits;
}

void PctPass::attend(const Level& level, MutableMatrixView features) {
  MatrixView x = normed(layers_.last_conv1, level.features, last_conv1_);
  x = normed(layers_.last_conv2, x, last_conv2_);
  attention_ = scratch_.take<OffsetAttentionRecord>(layers_.attention.size());
  for (std::size_t i = 0; i < attention_.size(); ++i) {
    const MutableMatrixView y = features.cols_range(i * x.cols, x.cols);
    attention_[i] = layers_.attention[i].forward(x, level.ends, statistics_, y, scratch_);
    x = y;
  }
}

/// The largest value of every channel over the points of a cloud.
MatrixView PctPass::pool(MatrixView fused, std::span<const std::size_t> ends) {
  const auto members = scratch_.take<std::uint32_t>(fused.rows);
  const auto begins = scratch_.take<std::uint32_t>(ends.size() + 1);
  std::iota(members.begin(), members.end(), 0U);
  for (std::size_t c = 0; c <= ends.size(); ++c) {
    begins[c] = static_cast<std::uint32_t>(c == 0 ? 0 : ends[c - 1]);
  }
  members_ = members;
  begins_ = begins;
  const MutableMatrixView pooled = scratch_.matrix(ends.size(), fused.cols);
  winners_ = segment_max(fused, {members_, begins_}, pooled, scratch_);
  return pooled;
}

MatrixView PctPass::classify(MatrixView pooled) {
  const MutableMatrixView first = scratch_.matrix(pooled.rows, layers_.linear1.out());
  linear1_ = layers_.linear1.forward(pooled, statistics_, first, scratch_);
  drop_values(dropout_, key_, first);
  const MutableMatrixView second = scratch_.matrix(pooled.rows, layers_.linear2.out());
  linear2_ = layers_.linear2.forward(first, statistics_, second, scratch_);
  drop_values(dropout_, key_ + 1, second);
  head_input_ = second;
  const MutableMatrixView logits = scratch_.matrix(pooled.rows, layers_.linear3.out());
  forward_rows(layers_.linear3, second, logits);
  return logits;
}

void PctPass::backward(MatrixView d_logits, bool head_only) {
  const MutableMatrixView d_pooled = backward_head(d_logits, head_only);
  if (head_only) return;
  const MatrixView fused = fuse_.norm.x;
  const MutableMatrixView d_fused = like(fused);
  segment_max_backward(winners_, {members_, begins_}, d_pooled, d_fused);
  const MutableMatrixView d_features = like(fuse_.input);
  layers_.fuse.backward(fuse_, d_fused, d_features);
  const std::size_t c = layers_.gather_local.back().out();
  const MutableMatrixView d_grouped = scratch_.matrix(d_features.rows, c);
  backward_attention(d_features, d_grouped);
  backward_embedding(d_grouped);
}

/// @return  derivatives of what is pooled
MutableMatrixView PctPass::backward_head(MatrixView d_logits, bool head_only) {
  const MutableMatrixView d_second = like(head_input_);
  backward_rows(layers_.linear3, head_input_, d_logits, d_second);
  if (head_only) return {};
  const MutableMatrixView d_first = like(linear2_.input);
  drop_values(dropout_, key_ + 1, d_second);
  layers_.linear2.backward(linear2_, d_second, d_first);
  const MutableMatrixView d_pooled = like(linear1_.input);
  drop_values(dropout_, key_, d_first);
  layers_.linear1.backward(linear1_, d_first, d_pooled);
  return d_pooled;
}

/// @param d_features  of what is fused
/// @param d_grouped   of the second grouping's result, written
void PctPass::backward_attention(MutableMatrixView d_features, MutableMatrixView d_grouped) {
  const std::size_t c = d_grouped.cols;
  const MutableMatrixView d = like(d_grouped);
  for (std::size_t i = attention_.size(); i-- > 0;) {
    const MutableMatrixView of_layer = d_features.cols_range(i * c, c);
    if (i + 1 == attention_.size()) {
      copy_matrix(of_layer, d);
    } else {
      add_rows(of_layer, d);
    }
    layers_.attention[i].backward(attention_[i], ends_, d);
  }
  const MutableMatrixView d_first = like(last_conv2_.input);
  if (attention_.empty()) std::fill_n(d.data, d.rows * d.cols, 0.0F);
  layers_.last_conv2.backward(last_conv2_, d, d_first);
  layers_.last_conv1.backward(last_conv1_, d_first, d_grouped);
  add_rows(d_features.cols_range(attention_.size() * c, c), d_grouped);
}

void PctPass::backward_embedding(MutableMatrixView d_grouped) {
  MutableMatrixView d = d_grouped;
  for (std::size_t stage = grouped_.size(); stage-- > 0;) {
    const MutableMatrixView d_features = like(grouped_[stage].features);
    layers_.gather_local[stage].backward(grouped_[stage], d, d_features);
    d = d_features;
  }
  const MutableMatrixView d_first = like(conv2_.input);
  layers_.conv2.backward(conv2_, d, d_first);
  layers_.conv1.backward(conv1_, d_first, {});
}

}  // namespace ptattn::train
