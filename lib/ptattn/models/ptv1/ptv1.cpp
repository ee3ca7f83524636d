#include "ptattn/models/ptv1/ptv1.hpp"

#include <utility>

#include "ptattn/core/clone.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/models/ptv1/levels.hpp"
#include "ptattn/nn/kernels/elementwise.hpp"
#include "ptattn/nn/kernels/reduce.hpp"
#include "ptattn/nn/kernels/rows.hpp"

namespace ptattn {
namespace {

void add(MatrixView x, MutableMatrixView to) {
  add_matrices(x, to, to);
}

}  // namespace

/// The points of a level and what is known about them, a view.
struct Ptv1::Level {
  Ptv1Geometry geometry;
  MutableMatrixView features;  // [n, c]
};

Ptv1::Ptv1(Ptv1Config config, Ptv1Weights weights)
    : config_(std::move(config)), weights_(std::move(weights)) {}

std::vector<AttentionLayer> Ptv1::attention_layers() const {
  std::vector<AttentionLayer> layers;
  const auto heads = [&](std::size_t stage) {
    return config_.stages[stage].channels / config_.shared_channels;
  };
  const std::size_t stages = config_.stages.size();
  for (std::size_t s = 0; s < stages; ++s) {
    for (std::size_t b = 1; b <= config_.stages[s].blocks; ++b) {
      layers.push_back({"enc" + std::to_string(s + 1) + "." + std::to_string(b), heads(s)});
    }
  }
  for (std::size_t s = stages; s-- > 0;) {
    layers.push_back({"dec" + std::to_string(s + 1) + ".1", heads(s)});
  }
  return layers;
}

Ptv1::Level Ptv1::first_level(const PointInput& input, ScratchMemory& scratch) const {
  const MutableMatrixView features =
      linear(weights_.down.front().feature, input.features, Activation::kRelu, scratch);
  return {ptv1_geometry(input, config_.stages.front().neighbors, scratch), features};
}

Ptv1::Level Ptv1::next_level(const Level& level, std::size_t stage, ScratchMemory& scratch) const {
  const Ptv1Down& down = weights_.down[stage];
  const Ptv1Config::Stage& shape = config_.stages[stage];
  const Ptv1Sampling sampling = ptv1_sample(level.geometry, shape.stride, shape.neighbors, scratch);
  const MutableMatrixView features =
      scratch.matrix(sampling.coarse.positions.rows, down.feature.weight.cols());
  ScratchMemory temporary;
  ptv1_pool(level.geometry, sampling, down.position,
            linear(down.feature, level.features, Activation::kNone, temporary), features);
  return {sampling.coarse, features};
}

/// Attention cloud by cloud, with weights for a listener.
void Ptv1::attend(const Ptv1Block& block, const Level& level, MatrixView x, const std::string& name,
                  const Trace& trace, MutableMatrixView out) const {
  const std::size_t heads = x.cols / config_.shared_channels;
  for (std::size_t c = 0; c < level.geometry.clouds.size(); ++c) {
    const auto [begin, count] = level.geometry.clouds[c];
    const std::span<const std::uint32_t> neighbors = level.geometry.neighbors[c];
    VectorAttentionListener listener;
    if (trace.wants_attention(name)) {
      listener = [&, first = begin, n = count](std::size_t query, MatrixView weights) {
        const std::size_t k = neighbors.size() / n;
        const auto row = static_cast<std::uint32_t>(first + query);
        std::vector<std::uint32_t> keys(k);
        for (std::size_t j = 0; j < k; ++j) {
          keys[j] = static_cast<std::uint32_t>(first + neighbors[query * k + j]);
        }
        Matrix of_head(1, k);
        for (std::size_t head = 0; head < heads; ++head) {
          for (std::size_t j = 0; j < k; ++j) of_head(0, j) = weights(j, head);
          trace.attention({name, head, level.geometry.positions, {&row, 1}, keys, of_head});
        }
      };
    }
    vector_attention(block.attention, level.geometry.positions.rows_range(begin, count),
                     x.rows_range(begin, count), neighbors, out.rows_range(begin, count), listener);
  }
}

void Ptv1::run_block(const Ptv1Block& block, const Level& level, const std::string& name,
                     const Trace& trace) const {
  ScratchMemory scratch;
  const MutableMatrixView x = linear(block.linear1, level.features, Activation::kRelu, scratch);
  const MutableMatrixView attended = scratch.matrix(x.rows, x.cols);
  attend(block, level, x, name, trace, attended);
  apply(block.bn2, Activation::kRelu, attended);
  linear(block.linear3, attended, Activation::kNone, level.features, x);
  activate(Activation::kRelu, x);
  copy_matrix(x, level.features);
  if (trace) trace(name, level.features, level.geometry.positions);
}

/// The last stage's transition: linear1 [x, ReLU(linear2 mean)] with the mean of each cloud.
void Ptv1::add_mean(const Level& level) const {
  const Ptv1Up& up = weights_.up.back();
  const MatrixView x = level.features;
  ScratchMemory scratch;
  const MutableMatrixView out = linear(up.linear1, x, Activation::kNone, scratch);
  for (const auto& [begin, count] : level.geometry.clouds) {
    if (count == 0) continue;
    ScratchMemory of_cloud;
    const MutableMatrixView mean = of_cloud.matrix(1, x.cols);
    column_mean(x.rows_range(begin, count), mean.row(0));
    const MatrixView share = linear(up.mean, linear(up.linear2, mean, Activation::kRelu, of_cloud),
                                    Activation::kNone, of_cloud);
    for (std::size_t i = begin; i < begin + count; ++i) add(share, out.rows_range(i, 1));
  }
  activate(Activation::kRelu, out);
  copy_matrix(out, level.features);
}

/// The transition from the level `coarse` to that of `stage`.
void Ptv1::add_coarser(const Level& coarse, std::size_t stage, const Level& level) const {
  const Ptv1Up& up = weights_.up[stage];
  ScratchMemory scratch;
  const MatrixView values = linear(up.linear2, coarse.features, Activation::kRelu, scratch);
  const MutableMatrixView sum = linear(up.linear1, level.features, Activation::kRelu, scratch);
  ptv1_add_interpolated(coarse.geometry, values, level.geometry, sum);
  copy_matrix(sum, level.features);
}

PointOutput Ptv1::forward(const PointInput& input, const Trace& trace) const {
  check_point_input(input, config_.in_channels, "point transformer");
  if (input.positions.rows == 0) return {Matrix(0, config_.num_classes), {}};
  const std::size_t stages = config_.stages.size();
  const auto tell = [&](const std::string& name, const Level& level) {
    if (trace) trace(name, level.features, level.geometry.positions);
  };
  ScratchMemory scratch;
  scratch.reserve(bytes_per_point() * input.positions.rows);
  const auto levels = scratch.take<Level>(stages);
  for (std::size_t s = 0; s < stages; ++s) {
    const std::string name = "enc" + std::to_string(s + 1) + ".";
    levels[s] = s == 0 ? first_level(input, scratch) : next_level(levels[s - 1], s, scratch);
    tell(name + "0", levels[s]);
    for (std::size_t b = 0; b < config_.stages[s].blocks; ++b) {
      run_block(weights_.blocks[s][b], levels[s], name + std::to_string(b + 1), trace);
    }
  }
  for (std::size_t s = stages; s-- > 0;) {
    const std::string name = "dec" + std::to_string(s + 1) + ".";
    const Level& level = levels[s];
    if (s + 1 == stages) {
      add_mean(level);
    } else {
      add_coarser(levels[s + 1], s, level);
    }
    tell(name + "0", level);
    run_block(weights_.decoder_block[s], level, name + "1", trace);
  }
  Matrix logits = linear(weights_.classes,
                         linear(weights_.head, levels[0].features, Activation::kRelu, scratch));
  if (trace) trace("cls", logits, levels[0].geometry.positions);
  return {std::move(logits), {}};
}

}  // namespace ptattn
