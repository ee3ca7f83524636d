#include "ptattn/models/ptv3.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "ptattn/core/clone.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/models/ptv3_block.hpp"
#include "ptattn/models/ptv3_cuts.hpp"
#include "ptattn/models/ptv3_input.hpp"
#include "ptattn/models/ptv3_serialization.hpp"
#include "ptattn/neighbors/voxel_hash.hpp"
#include "ptattn/nn/kernels/elementwise.hpp"
#include "ptattn/nn/kernels/gemm.hpp"
#include "ptattn/nn/kernels/rows.hpp"
#include "ptattn/nn/rotary_encoding.hpp"
#include "ptattn/sampling/sort_order.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kGrain = 256;        // rows of a task
constexpr std::size_t kPooledVoxels = 64;  // coarser ones, of a task
constexpr int kStemRadius = 2;

/// x <- GELU(norm(x)); a norm that was folded away does nothing.
void normalize_and_activate(const Ptv3Norm& norm, MutableMatrixView x) {
  if (!norm.batch.scale.empty()) {
    apply(norm.batch, Activation::kGelu, x);
    return;
  }
  if (!norm.layer.gamma.empty()) layer_norm(norm.layer, x, x);
  parallel_ranges(x.rows, kGrain, [&](std::size_t begin, std::size_t end) {
    activate(Activation::kGelu, x.rows_range(begin, end - begin));
  });
}

/// x W + bias on the calling thread.
void linear_here(const Linear& layer, MatrixView x, MutableMatrixView out) {
  gemm(x, layer.weight, 0, layer.weight.panels(),
       {.bias = layer.bias.empty() ? nullptr : layer.bias.data()}, out);
}

/// GELU(norm(x W + bias))
Matrix normed_linear(const Linear& layer, const Ptv3Norm& norm, MatrixView x) {
  Matrix out = linear(layer, x);
  normalize_and_activate(norm, out);
  return out;
}

/// The same in the memory of x, where that is as wide.
Matrix normed_linear(const Linear& layer, const Ptv3Norm& norm, Matrix&& x) {
  if (layer.weight.cols() != x.cols()) return normed_linear(layer, norm, x.view());
  parallel_each((x.rows() + kGrain - 1) / kGrain, 1, [&](std::size_t block) {
    const std::size_t rows = std::min(kGrain, x.rows() - block * kGrain);
    const MutableMatrixView part = x.view().rows_range(block * kGrain, rows);
    ScratchMemory scratch;
    const MutableMatrixView out = scratch.matrix(rows, x.cols());
    linear_here(layer, part, out);
    normalize_and_activate(norm, out);
    copy_matrix(out, part);
  });
  return std::move(x);
}

/// Of x W + bias, the largest value of every channel among the rows that a coarser voxel unites.
/// The product exists for some voxels at a time only.
Matrix pooled_linear(const Linear& layer, const Ptv3Pooling& pooling, MatrixView x) {
  Matrix out(pooling.begins.size() - 1, layer.weight.cols());
  const std::size_t blocks = (out.rows() + kPooledVoxels - 1) / kPooledVoxels;
  parallel_each(blocks, 1, [&](std::size_t block) {
    const std::size_t first = block * kPooledVoxels;
    const std::size_t last = std::min(first + kPooledVoxels, out.rows());
    const std::size_t begin = pooling.begins[first];
    const auto members = std::span(pooling.members).subspan(begin, pooling.begins[last] - begin);
    ScratchMemory scratch;
    const MutableMatrixView gathered = scratch.matrix(members.size(), x.cols);
    const MutableMatrixView product = scratch.matrix(members.size(), out.cols());
    copy_rows(x, members, gathered);
    linear_here(layer, gathered, product);
    for (std::size_t i = first; i < last; ++i) {
      float* to = out.row(i);
      std::fill_n(to, out.cols(), -std::numeric_limits<float>::infinity());
      for (std::size_t m = pooling.begins[i]; m < pooling.begins[i + 1]; ++m) {
        const float* from = product.row(m - begin);
        for (std::size_t j = 0; j < out.cols(); ++j) to[j] = std::max(to[j], from[j]);
      }
    }
  });
  return out;
}

/// skip + coarse[cells]
Matrix unpooled_sum(MatrixView skip, MatrixView coarse, std::span<const std::uint32_t> cells) {
  Matrix out(skip.rows, skip.cols);
  parallel_each(skip.rows, kGrain, [&](std::size_t i) {
    const MatrixView from = coarse.rows_range(cells[i], 1);
    add_matrices(skip.rows_range(i, 1), from, out.view().rows_range(i, 1));
  });
  return out;
}

Matrix rows_of(MatrixView x, std::span<const std::uint32_t> rows) {
  Matrix out(rows.size(), x.cols);
  copy_rows(x, rows, out);
  return out;
}

std::vector<std::uint32_t> inverse_of(std::span<const std::uint32_t> permutation) {
  std::vector<std::uint32_t> inverse(permutation.size());
  parallel_each(permutation.size(), kGrain,
                [&](std::size_t i) { inverse[permutation[i]] = static_cast<std::uint32_t>(i); });
  return inverse;
}

/// Ascending with cloud, x, y, z.
std::vector<std::uint64_t> lexicographic_keys(const Ptv3Level& level) {
  std::vector<std::uint64_t> keys(level.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    std::uint64_t key = level.cloud_of(i);
    for (const std::uint32_t x : level.cells[i]) key = key << unsigned{kPtv3MaxDepth} | x;
    keys[i] = key;
  }
  return keys;
}

/// One resolution during a forward pass.
struct Stage {
  Ptv3Level level;
  std::vector<std::vector<Patch>> patches;  // along each order
  Ptv3Pooling pooling;                      // to the next coarser one
  Matrix features;                          // of the encoder
  /// The rows in the order of the public code, and their positions; only where somebody looks.
  std::vector<std::uint32_t> rows;
  Matrix positions;
};

/// One forward pass: everything that changes while the network does not.
class Pass {
 public:
  Pass(const Ptv3Config& config, const Ptv3Weights& weights, const Trace& trace)
      : config_(config), weights_(weights), trace_(trace) {}

  PointOutput operator()(const PointInput& input) {
    cuts_ = input.cuts;
    embed(input);
    for (std::size_t s = 0; s < config_.encoder.size(); ++s) {
      if (s > 0) down(s);
      run_blocks(s, config_.encoder[s], weights_.encoder[s].blocks, {}, stages_[s].features);
    }
    Matrix x = std::move(stages_.back().features);
    for (std::size_t s = config_.decoder.size(); s-- > 0;) {
      Matrix skip = normed_linear(weights_.decoder[s].proj_skip, weights_.decoder[s].skip_norm,
                                  std::exchange(stages_[s].features, {}));
      x = up(s, std::move(x), skip);
      if (config_.mode != Ptv3Mode::kBase) skip = {};
      if (decoder_regroups(config_, s)) regroup(s);
      run_blocks(s, config_.decoder[s], weights_.decoder[s].blocks, std::move(skip), x);
    }
    if (weights_.seg_head.weight.cols() > 0) x = linear(weights_.seg_head, x);
    const std::size_t last = config_.enc_mode ? stages_.size() - 1 : 0;
    look_at(last);
    PointOutput output;
    output.values = rows_of(x, stages_[last].rows);
    if (config_.enc_mode) output.positions = std::move(stages_[last].positions);
    return output;
  }

 private:
  void embed(const PointInput& input) {
    Ptv3Input sorted = read_ptv3_input(input, config_.in_channels);
    Stage& stage = stages_.emplace_back();
    stage.level = std::move(sorted.level);
    stage.rows = inverse_of(sorted.rows);
    if (cuts_ != nullptr) stage.level.depth = cuts_->stages.front().depth;
    const VoxelHash hash(stage.level.cells, stage.level.ends);
    serialize_stage(0, hash);
    if (config_.mode == Ptv3Mode::kBase) {
      stage.features = Matrix(stage.level.size(), config_.encoder.front().channels);
      window_convolution(weights_.stem, windows_around(stage.level, hash, kStemRadius),
                         sorted.features, Activation::kGelu, stage.features);
    } else {
      stage.features = normed_linear(weights_.stem, weights_.stem_norm, sorted.features);
    }
    report("embedding", 0, stage.features);
  }

  void serialize_stage(std::size_t s, const VoxelHash& hash) {
    Stage& stage = stages_[s];
    serialize(stage.level, hash, curves_used(config_, s));
    stage.patches = ptv3_patches(config_, s, stage.level, cuts_);
  }

  void down(std::size_t s) {
    Stage& fine = stages_[s - 1];
    Stage coarse;
    const Ptv3Step step = step_to(config_, s, fine.level.depth);
    coarse.level = coarser(fine.level, step.stride, fine.pooling);
    coarse.level.depth = cuts_ != nullptr ? cuts_->stages[s].depth
                         : step.depth     ? *step.depth
                                          : serialization_depth(coarse.level.cells);
    const Ptv3EncoderWeights& w = weights_.encoder[s];
    coarse.features = pooled_linear(w.down, fine.pooling, fine.features);
    normalize_and_activate(w.down_norm, coarse.features);
    stages_.push_back(std::move(coarse));
    const Ptv3Level& level = stages_[s].level;
    serialize_stage(s, VoxelHash(level.cells, level.ends));
    report("enc.enc" + std::to_string(s) + ".down", s, stages_[s].features);
  }

  Matrix up(std::size_t s, Matrix x, MatrixView skip) {
    const Ptv3DecoderWeights& w = weights_.decoder[s];
    const Matrix coarse = normed_linear(w.proj, w.proj_norm, x);
    stages_.pop_back();
    x = unpooled_sum(skip, coarse, stages_[s].pooling.cells);
    report("dec.dec" + std::to_string(s) + ".up", s, x);
    return x;
  }

  /// Gives stage `s` the decoder's patches in place of the encoder's.
  void regroup(std::size_t s) {
    Stage& stage = stages_[s];
    for (std::size_t o = 0; o < stage.patches.size(); ++o) {
      Ptv3Grouping groups =
          ptv3_regrouped(config_, s, stage.level, stage.level.orders[o], stage.patches[o]);
      stage.level.orders[o] = std::move(groups.rows);
      stage.patches[o] = std::move(groups.patches);
    }
  }

  /// @param skip  what the first convolution sees instead of x; empty: x
  void run_blocks(std::size_t s, const Ptv3Config::Stage& shape,
                  std::span<const Ptv3BlockWeights> blocks, Matrix skip, Matrix& x) {
    const Ptv3Level& level = stages_[s].level;
    const Matrix angles = rotary_angles_of(level, shape);
    std::vector<std::uint32_t> tokens;
    if (std::ranges::any_of(blocks, [&](const Ptv3BlockWeights& w) {
          return trace_.wants_attention(attention_name(w));
        })) {
      look_at(s);
      tokens = inverse_of(stages_[s].rows);
    }
    const Ptv3BlockSetting setting{.level = level,
                                   .patches = stages_[s].patches,
                                   .heads = shape.heads,
                                   .scale = static_cast<float>(config_.qk_scale),
                                   .norm_order = config_.norm_order,
                                   .angles = angles,
                                   .tokens = stages_[s].positions,
                                   .token_of = tokens,
                                   .scratch = scratch_};
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      const MatrixView y = skip.size() > 0 ? skip.view() : x.view();
      ptv3_block(blocks[i], setting, i % orders_of(config_, s).size(), y, x, trace_);
      skip = {};
      report(blocks[i].name, s, x);
    }
    scratch_.end_stage();
  }

  /// The encoding depends on differences of positions only; those to one of them are exact where
  /// coordinates are large.
  [[nodiscard]] Matrix rotary_angles_of(const Ptv3Level& level,
                                        const Ptv3Config::Stage& shape) const {
    if (config_.mode != Ptv3Mode::kUtonia) return {};
    Matrix relative(level.size(), 3);
    for (std::size_t i = 0; i < level.size(); ++i) {
      for (std::size_t a = 0; a < 3; ++a) {
        relative(i, a) = level.positions(i, a) - level.positions(0, a);
      }
    }
    return rotary_angles(relative, shape.channels / shape.heads, config_.rope_base);
  }

  /// Finds the order in which the public code has the rows of stage `s`: sorted by the first curve
  /// of the stage before, or by cloud, x, y and z.
  void look_at(std::size_t s) {
    Stage& stage = stages_[s];
    if (stage.positions.rows() == stage.level.size()) return;
    if (s > 0) {
      stage.rows =
          sort_order(config_.mode == Ptv3Mode::kBase
                         ? serialized_codes(orders_of(config_, s - 1).front(), stage.level.cells,
                                            stage.level.ends, std::max(1, stage.level.depth))
                         : lexicographic_keys(stage.level));
    }
    stage.positions = rows_of(stage.level.positions, stage.rows);
  }

  void report(const std::string& name, std::size_t s, MatrixView x) {
    if (!trace_) return;
    look_at(s);
    trace_(name, rows_of(x, stages_[s].rows), stages_[s].positions);
  }

  const Ptv3Config& config_;
  const Ptv3Weights& weights_;
  const Trace& trace_;
  const PatchCuts* cuts_ = nullptr;
  std::vector<Stage> stages_;
  Ptv3Scratch scratch_;
};

}  // namespace

Ptv3::Ptv3(Ptv3Config config, std::shared_ptr<const Ptv3Weights> weights)
    : config_(std::move(config)), weights_(std::move(weights)) {}

std::size_t Ptv3::out_channels() const {
  if (labels_points()) return weights_->seg_head.weight.cols();
  return config_.decoder.empty() ? config_.encoder.back().channels
                                 : config_.decoder.front().channels;
}

bool Ptv3::labels_points() const {
  return weights_->seg_head.weight.cols() > 0;
}

std::size_t Ptv3::bytes_per_point() const {
  // What lives at once in the finest stage, where nearly all voxels are: cells, neighbours and
  // orders; and the most channels, be it while pooling (features, their projection), in a block of
  // the encoder (input, output) or of the decoder (both and the skip connection).
  constexpr std::size_t kLevelBytes = 200;
  const auto angles = [&](const Ptv3Config::Stage& stage) {
    return config_.mode == Ptv3Mode::kUtonia ? stage.channels / stage.heads : 0;
  };
  const Ptv3Config::Stage& first = config_.encoder.front();
  std::size_t channels =
      std::max(config_.in_channels + first.channels, 2 * first.channels + angles(first));
  if (config_.encoder.size() > 1) {
    channels = std::max(channels, first.channels + config_.encoder[1].channels);
  }
  if (!config_.decoder.empty()) {
    const Ptv3Config::Stage& last = config_.decoder.front();
    channels =
        std::max({channels, 3 * last.channels + angles(last), last.channels + 2 * out_channels()});
  }
  // A quarter more for the coarser stages and what the allocator keeps.
  return (kLevelBytes + sizeof(float) * channels) * 5 / 4;
}

std::vector<AttentionLayer> Ptv3::attention_layers() const {
  std::vector<AttentionLayer> layers;
  const auto add = [&](const std::vector<Ptv3BlockWeights>& blocks, std::size_t heads) {
    for (const Ptv3BlockWeights& block : blocks) layers.push_back({attention_name(block), heads});
  };
  for (std::size_t s = 0; s < config_.encoder.size(); ++s) {
    add(weights_->encoder[s].blocks, config_.encoder[s].heads);
  }
  for (std::size_t s = config_.decoder.size(); s-- > 0;) {
    add(weights_->decoder[s].blocks, config_.decoder[s].heads);
  }
  return layers;
}

PatchCuts Ptv3::cuts_of(std::span<const Cell> cells) const {
  return ptv3_cuts(config_, cells);
}

PointOutput Ptv3::forward(const PointInput& input, const Trace& trace) const {
  if (input.cuts != nullptr && input.cuts->stages.size() != config_.encoder.size()) {
    throw Error(Fault::kUsage, "ptv3", "got the patches of another network");
  }
  return Pass(config_, *weights_, trace)(input);
}

}  // namespace ptattn
