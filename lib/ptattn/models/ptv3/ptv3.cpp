#include "ptattn/models/ptv3/ptv3.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ptattn/core/clone.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/models/ptv3/block.hpp"
#include "ptattn/models/ptv3/input.hpp"
#include "ptattn/models/ptv3/layers.hpp"
#include "ptattn/models/ptv3/memory_plan.hpp"
#include "ptattn/models/ptv3/patches.hpp"
#include "ptattn/models/ptv3/serialization.hpp"
#include "ptattn/models/ptv3/work_estimate.hpp"
#include "ptattn/neighbors/voxel_hash.hpp"
#include "ptattn/nn/encoding/rotary_encoding.hpp"
#include "ptattn/sampling/sort_order.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kGrain = 256;  // rows of a task
constexpr int kStemRadius = 2;
constexpr std::size_t kNeighborhood = 27;  // offsets of a block's convolution

void add_upsampled(const UpsampledFeatures& upsampled, MutableMatrixView x) {
  parallel_ranges(x.rows, kGrain, [&](std::size_t begin, std::size_t end) {
    upsampled.add_to(x.rows_range(begin, end - begin), begin);
  });
}

/// Steps of the grid from one coordinate to another.
float steps_between(std::uint32_t from, std::uint32_t to) {
  return static_cast<float>(std::int64_t{to} - std::int64_t{from});
}

/// One resolution during a forward pass, a view.
struct Stage {
  std::size_t number;
  Ptv3Level level;
  std::span<std::span<const Patch>> patches{};  // along each order
  MutableMatrixView memory{};                   // [n, channels], see feature_memory
  MutableMatrixView features{};                 // in `memory`
  /// Row of the public code for each row, and the positions in its order; but for the rows of the
  /// finest stage, only where there is a listener.
  std::span<const std::uint32_t> public_rows{};
  Matrix positions{};
  std::vector<std::uint32_t> own_public_rows{};
};

/// One forward pass: everything that changes while the network does not. What lives longer lies
/// further down in the scratch memory: lists and features of a stage below those of the coarser
/// ones, what a step needs above them all.
class Pass {
 public:
  Pass(const Ptv3Config& config, const Ptv3Weights& weights, const Trace& trace)
      : config_(config), weights_(weights), trace_(trace), work_(config) {}

  /// @param planned  bytes
  PointOutput operator()(const PointInput& input, std::size_t planned) {
    cuts_ = input.cuts;
    ScratchMemory scratch;
    scratch.reserve(planned);
    Stage stage = embed(input, scratch);
    descend(stage);
    return std::move(output_);
  }

 private:
  /// The encoder from a stage on, and the decoder back to it.
  void descend(Stage& stage) {
    const std::size_t s = stage.number;
    run_blocks(stage, config_.encoder[s], weights_.encoder[s].blocks);
    if (s + 1 < config_.encoder.size()) {
      ScratchMemory scratch;
      const PoolingStep step = step_to(config_, s + 1, stage.level.depth);
      const Ptv3Pooling pooling = pool(stage.level, step.stride, scratch);
      const MutableMatrixView coarse = feature_memory(s + 1, pooling.size(), scratch);
      const MatrixView upsampled = go_below(stage, step, pooling, coarse);
      if (s < config_.decoder.size()) decode(stage, {upsampled, pooling.cells});
    }
    if (s == (config_.enc_mode ? config_.encoder.size() - 1 : 0)) finish(stage);
  }

  /// @param memory  for the features of the coarser stage
  /// @return        what comes back from it, in that memory; nothing without a decoder
  MatrixView go_below(const Stage& fine, const PoolingStep& step, const Ptv3Pooling& pooling,
                      MutableMatrixView memory) {
    ScratchMemory scratch;
    Stage coarse = down(fine, step, pooling, memory, scratch);
    descend(coarse);
    if (fine.number >= config_.decoder.size()) return {};
    const Ptv3DecoderWeights& w = weights_.decoder[fine.number];
    const MutableMatrixView upsampled = memory.cols_range(0, config_.decoder[fine.number].channels);
    normed_linear_in_place(w.proj, w.proj_norm, coarse.features, upsampled);
    return upsampled;
  }

  /// Room for the features of a stage in the encoder, in the decoder, and on their way up.
  [[nodiscard]] MutableMatrixView feature_memory(std::size_t s, std::size_t voxels,
                                                 ScratchMemory& scratch) const {
    std::size_t channels = config_.encoder[s].channels;
    const std::size_t decoders = config_.decoder.size();
    if (s < decoders) channels = std::max(channels, config_.decoder[s].channels);
    if (s > 0 && s <= decoders) channels = std::max(channels, config_.decoder[s - 1].channels);
    return scratch.matrix(voxels, channels);
  }

  Stage embed(const PointInput& input, ScratchMemory& scratch) {
    const Ptv3Input sorted = read_ptv3_input(input, config_.in_channels, scratch);
    Stage stage{.number = 0, .level = sorted.level, .public_rows = sorted.rows};
    if (cuts_ != nullptr) stage.level.depth = cuts_->stages.front().depth;
    take_memory(stage, feature_memory(0, stage.level.size(), scratch), scratch);
    {
      ScratchMemory temporary;
      const MatrixView x = gathered(input.features, sorted.rows, temporary);
      const VoxelHash hash = find_neighbors(stage, temporary);
      if (has_batch_norms(config_.mode)) {
        const VoxelWindows windows(stage.level, hash, kStemRadius);
        window_convolution(weights_.stem, std::cref(windows), x, Activation::kGelu, stage.features);
      } else {
        normed_linear(weights_.stem, weights_.stem_norm, x, stage.features);
      }
    }
    if (convolves(0)) stage.level.neighbors.trim(scratch);
    if (trace_) report("embedding", stage, stage.features);
    return stage;
  }

  Stage down(const Stage& fine, const PoolingStep& step, const Ptv3Pooling& pooling,
             MutableMatrixView memory, ScratchMemory& scratch) {
    const std::size_t s = fine.number + 1;
    Stage stage{.number = s, .level = downsampled(fine.level, step.stride, pooling, scratch)};
    stage.level.depth = cuts_ != nullptr ? cuts_->stages[s].depth
                        : step.depth     ? *step.depth
                                         : serialization_depth(stage.level.cells);
    take_memory(stage, memory, scratch);
    const Ptv3EncoderWeights& w = weights_.encoder[s];
    pooled_linear(w.down, pooling, fine.features, stage.features);
    normalize_and_activate(w.down_norm, stage.features);
    if (convolves(s)) {
      {
        ScratchMemory temporary;
        (void)find_neighbors(stage, temporary);
      }
      stage.level.neighbors.trim(scratch);
    }
    if (trace_) report("enc.enc" + std::to_string(s) + ".down", stage, stage.features);
    return stage;
  }

  /// Orders and patches of a stage, and memory for its kernel map.
  /// @param features  memory for these
  void take_memory(Stage& stage, MutableMatrixView features, ScratchMemory& scratch) {
    const std::size_t s = stage.number;
    stage.memory = features;
    stage.features = features.cols_range(0, config_.encoder[s].channels);
    order_along(curves_used(config_, s), stage.level, scratch);
    stage.patches = ptv3_patches(config_, s, stage.level, cuts_, scratch);
    if (convolves(s)) {
      stage.level.neighbors = KernelMap(stage.level.size(), kNeighborhood, scratch);
    }
  }

  /// @return  the hash of the stage's voxels, in memory of `scratch`
  VoxelHash find_neighbors(Stage& stage, ScratchMemory& scratch) const {
    VoxelHash hash(stage.level.cells, stage.level.ends, scratch);
    if (convolves(stage.number)) {
      const VoxelWindows windows(stage.level, hash, 1);
      stage.level.neighbors.build(std::cref(windows));
    }
    return hash;
  }

  /// True where blocks of the encoder's or the decoder's stage convolve.
  [[nodiscard]] bool convolves(std::size_t s) const {
    return config_.encoder[s].convolving() > 0 ||
           (s < config_.decoder.size() && config_.decoder[s].convolving() > 0);
  }

  /// Features of the encoder to those of the decoder. As in the public code, the first convolution
  /// of m1 does not see what comes from the coarser stage.
  void decode(Stage& stage, const UpsampledFeatures& upsampled) {
    const std::size_t s = stage.number;
    const Ptv3DecoderWeights& w = weights_.decoder[s];
    const MutableMatrixView x = stage.memory.cols_range(0, config_.decoder[s].channels);
    normed_linear_in_place(w.proj_skip, w.skip_norm, stage.features, x);
    stage.features = x;
    const bool late = config_.mode == Ptv3Mode::kBase && !w.blocks.empty();
    if (!late) add_upsampled(upsampled, x);
    if (trace_) {
      Matrix sum = clone(x);
      if (late) add_upsampled(upsampled, sum);
      report("dec.dec" + std::to_string(s) + ".up", stage, sum);
    }
    ScratchMemory scratch;
    if (decoder_regroups(config_, s)) regroup(stage, scratch);
    run_blocks(stage, config_.decoder[s], w.blocks, late ? upsampled : UpsampledFeatures{});
  }

  /// Gives a stage the decoder's patches in place of the encoder's.
  void regroup(Stage& stage, ScratchMemory& scratch) {
    for (std::size_t o = 0; o < stage.patches.size(); ++o) {
      const Ptv3Grouping groups = ptv3_decoder_patches(
          config_, stage.number, stage.level, stage.level.orders[o], stage.patches[o], scratch);
      stage.level.orders[o] = groups.rows;
      stage.patches[o] = groups.patches;
    }
  }

  /// @param upsampled  added behind the first convolution
  void run_blocks(Stage& stage, const Ptv3Config::Stage& shape,
                  std::span<const Ptv3BlockWeights> blocks,
                  const UpsampledFeatures& upsampled = {}) {
    if (blocks.empty()) return;
    if (shape.attention && std::ranges::any_of(blocks, [&](const Ptv3BlockWeights& w) {
          return wants_attention(trace_, w);
        })) {
      look_at(stage);
    }
    ScratchMemory scratch;
    const MutableMatrixView x = stage.features;
    const Ptv3BlockSetting setting{.level = stage.level,
                                   .patches = stage.patches,
                                   .convolution = shape.convolution,
                                   .attention = shape.attention,
                                   .heads = shape.heads,
                                   .scale = static_cast<float>(config_.qk_scale),
                                   .norm_order = config_.norm_order,
                                   .angles = rotary_angles_of(stage.level, shape, scratch),
                                   .tokens = stage.positions,
                                   .token_of = stage.public_rows,
                                   .positioned = scratch.matrix(x.rows, x.cols)};
    const std::size_t orders = orders_of(config_, stage.number).size();
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      ptv3_block(blocks[i], setting, i % orders, x, trace_,
                 i == 0 ? upsampled : UpsampledFeatures{});
      if (trace_) report(blocks[i].name, stage, x);
      trace_.progress(work_.add(shape, stage.number));
    }
  }

  /// The encoding depends on differences of positions only; those to one of them are exact where
  /// coordinates are large.
  [[nodiscard]] MatrixView rotary_angles_of(const Ptv3Level& level, const Ptv3Config::Stage& shape,
                                            ScratchMemory& scratch) const {
    if (!has_rotary_encoding(config_.mode) || !shape.attention) return {};
    const bool of_cells = config_.mode == Ptv3Mode::kLitept;
    const MutableMatrixView angles = scratch.matrix(level.size(), shape.channels / shape.heads);
    ScratchMemory temporary;
    const MutableMatrixView relative = temporary.matrix(level.size(), 3);
    parallel_each(level.size(), kGrain, [&](std::size_t i) {
      for (std::size_t a = 0; a < 3; ++a) {
        relative(i, a) = of_cells ? steps_between(level.cells[0][a], level.cells[i][a])
                                  : level.positions(i, a) - level.positions(0, a);
      }
    });
    rotary_angles(relative, of_cells ? shape.rope_base : config_.rope_base, angles);
    return angles;
  }

  void finish(Stage& stage) {
    ScratchMemory scratch;
    if (stage.public_rows.empty()) stage.public_rows = public_rows_of(stage, scratch);
    if (config_.enc_mode) output_.positions = scattered(stage.level.positions, stage.public_rows);
    output_.values = weights_.seg_head.weight.cols() > 0
                         ? scattered_linear(weights_.seg_head, stage.features, stage.public_rows)
                         : scattered(stage.features, stage.public_rows);
  }

  /// Where the public code has the rows of a stage: sorted by the first curve of the stage before,
  /// or by cloud, x, y and z.
  [[nodiscard]] std::span<const std::uint32_t> public_rows_of(const Stage& stage,
                                                              ScratchMemory& scratch) const {
    const Ptv3Level& level = stage.level;
    const auto public_rows = scratch.take<std::uint32_t>(level.size());
    ScratchMemory temporary;
    const auto keys = temporary.take<std::uint64_t>(level.size());
    const auto rows = temporary.take<std::uint32_t>(level.size());
    if (config_.mode == Ptv3Mode::kBase) {
      serialized_codes(orders_of(config_, stage.number - 1).front(), level.cells, level.ends,
                       std::max(1, level.depth), keys);
    } else {
      lexicographic_keys(level, keys);
    }
    sort_order(keys, rows);
    parallel_each(rows.size(), kGrain,
                  [&](std::size_t i) { public_rows[rows[i]] = static_cast<std::uint32_t>(i); });
    return public_rows;
  }

  /// Finds out what a listener hears about the rows of a stage.
  void look_at(Stage& stage) const {
    if (stage.positions.rows() == stage.level.size()) return;
    if (stage.public_rows.empty()) {
      ScratchMemory scratch;
      const auto rows = public_rows_of(stage, scratch);
      stage.own_public_rows.assign(rows.begin(), rows.end());
      stage.public_rows = stage.own_public_rows;
    }
    stage.positions = scattered(stage.level.positions, stage.public_rows);
  }

  void report(std::string_view name, Stage& stage, MatrixView x) const {
    look_at(stage);
    trace_(name, scattered(x, stage.public_rows), stage.positions);
  }

  const Ptv3Config& config_;
  const Ptv3Weights& weights_;
  const Trace& trace_;
  WorkEstimate work_;
  const PatchCuts* cuts_ = nullptr;
  PointOutput output_;
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
  return ptv3_bytes_per_sparse_voxel(config_, out_channels());
}

std::vector<AttentionLayer> Ptv3::attention_layers() const {
  std::vector<AttentionLayer> layers;
  const auto add = [&](const std::vector<Ptv3BlockWeights>& blocks,
                       const Ptv3Config::Stage& stage) {
    if (!stage.attention) return;
    for (const Ptv3BlockWeights& block : blocks) {
      layers.push_back({attention_name(block), stage.heads});
    }
  };
  for (std::size_t s = 0; s < config_.encoder.size(); ++s) {
    add(weights_->encoder[s].blocks, config_.encoder[s]);
  }
  for (std::size_t s = config_.decoder.size(); s-- > 0;) {
    add(weights_->decoder[s].blocks, config_.decoder[s]);
  }
  return layers;
}

PatchCuts Ptv3::cuts_of(std::span<const Cell> cells) const {
  return ptv3_scene_patches(config_, cells);
}

std::vector<PatchGrid> Ptv3::patch_grids(const Cell& largest) const {
  return ptv3_patch_grids(config_, largest);
}

PointOutput Ptv3::forward(const PointInput& input, const Trace& trace) const {
  if (input.cuts != nullptr && input.cuts->stages.size() != config_.encoder.size()) {
    throw Error(Fault::kUsage, "ptv3", "got the patches of another network");
  }
  const Ptv3MemoryPlan plan = ptv3_memory_plan(config_, out_channels());
  return Pass(config_, *weights_, trace)(input, planned_bytes(plan, config_, input.positions.rows));
}

}  // namespace ptattn
