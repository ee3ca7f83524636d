#include "ptattn/train/volt/volt_pass.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/sampling/sort_order.hpp"
#include "ptattn/train/kernels/row_gradients.hpp"
#include "ptattn/train/layers/row_passes.hpp"

namespace ptattn::train {
namespace {

constexpr std::size_t kGrain = 256;
constexpr std::array<std::size_t, 3> kPairs{12, 12, 8};  // of a head that turn with x, y, z
constexpr double kBase = 100.0;
constexpr unsigned kCellBits = 16;

[[noreturn]] void refuse(const std::string& problem) {
  throw Error(Fault::kUsage, "volt", problem);
}

void check_input(const VoltConfig& config, const PointInput& input) {
  const std::size_t n = input.positions.rows;
  if (input.features.rows != n || input.features.cols != config.in_channels ||
      input.grid.size() != 3 * n) {
    refuse("got features of " + std::to_string(input.features.rows) + " rows of " +
           std::to_string(input.features.cols) + " channels and " +
           std::to_string(input.grid.size()) + " grid coordinates for " + std::to_string(n) +
           " voxels, expected " + std::to_string(config.in_channels) + " channels and 3 each");
  }
  const auto outside = [](std::int32_t x) { return x < 0 || x >= 1 << kCellBits; };
  if (std::ranges::any_of(input.grid, outside)) {
    refuse("got a grid coordinate that is negative or above 65535");
  }
  if (!std::ranges::is_sorted(input.ends) || (!input.ends.empty() && input.ends.back() != n)) {
    refuse("the clouds' ends do not ascend to the number of voxels, " + std::to_string(n));
  }
}

/// Cloud, x, y and z of each voxel's token, in this order of importance.
std::span<std::uint64_t> token_keys(const PointInput& input, std::size_t size,
                                    ScratchMemory& scratch) {
  const auto keys = scratch.take<std::uint64_t>(input.positions.rows);
  std::size_t cloud = 0;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    while (cloud < input.ends.size() && i >= input.ends[cloud]) ++cloud;
    std::uint64_t key = cloud;
    for (std::size_t a = 0; a < 3; ++a) {
      key = key << kCellBits | static_cast<std::uint64_t>(input.grid[3 * i + a]) / size;
    }
    keys[i] = key;
  }
  return keys;
}

/// Sine and cosine of the angles of a token's 32 pairs.
void write_angles(std::uint64_t key, float* angles) {
  for (std::size_t a = 0; a < kPairs.size(); ++a) {
    const auto shift = static_cast<unsigned>(2 - a) * kCellBits;
    const auto cell = static_cast<double>(key >> shift & ((1U << kCellBits) - 1U));
    for (std::size_t j = 0; j < kPairs[a]; ++j, angles += 2) {
      const double share = static_cast<double>(j) / static_cast<double>(kPairs[a] - 1);
      const double angle = cell * std::pow(kBase, -share);
      angles[0] = static_cast<float>(std::sin(angle));
      angles[1] = static_cast<float>(std::cos(angle));
    }
  }
}

}  // namespace

VoltScene volt_scene(const VoltConfig& config, const PointInput& input, ScratchMemory& scratch) {
  check_input(config, input);
  const std::size_t n = input.positions.rows;
  const std::size_t size = config.stride;
  const auto members = scratch.take<std::uint32_t>(n);
  const auto token = scratch.take<std::uint32_t>(n);
  const auto slot = scratch.take<std::uint32_t>(n);
  const auto keys = token_keys(input, size, scratch);
  const auto all_begins = scratch.take<std::uint32_t>(n + 1);
  const std::size_t count = group_order(keys, members, all_begins);
  const auto begins = scratch.keep_first(all_begins, count + 1);
  group_of_items(members, begins, token);
  parallel_each(n, kGrain, [&](std::size_t i) {
    std::size_t position = 0;
    for (std::size_t a = 0; a < 3; ++a) {
      position = position * size + static_cast<std::size_t>(input.grid[3 * i + a]) % size;
    }
    slot[i] = static_cast<std::uint32_t>(position);
  });
  const MutableMatrixView rotation = scratch.matrix(count, VoltBlock::kHeadWidth);
  const auto rows = scratch.take<std::uint32_t>(count);
  const auto patches = scratch.take<Patch>(std::max<std::size_t>(1, input.ends.size()));
  std::size_t clouds = 0;
  std::uint64_t previous = 0;
  for (std::size_t t = 0; t < count; ++t) {
    const std::uint64_t key = keys[members[begins[t]]];
    const std::uint64_t cloud = key >> 3 * kCellBits;
    if (t == 0 || cloud != previous) patches[clouds++] = {t, t, t};
    patches[clouds - 1].end = t + 1;
    previous = cloud;
    rows[t] = static_cast<std::uint32_t>(t);
  }
  parallel_each(count, kGrain,
                [&](std::size_t t) { write_angles(keys[members[begins[t]]], rotation.row(t)); });
  return {{members, begins}, token, slot, {rows, patches.first(clouds)}, rotation};
}

void VoltLayers::pack(ScratchMemory& scratch) {
  tokenizer.pack(scratch);
  for (VoltBlock& block : blocks) block.pack(scratch);
  pre.pack(scratch);
  unembed.pack(scratch);
  head.pack(scratch);
}

VoltBlockInput VoltPass::block_input(std::size_t i) const {
  const double rate = drops_ ? layers_.drop_rates[i] : 0.0;
  return {tokens_.clouds, tokens_.rotation, RowDrop(rate, splitmix64_mix(key_ + 2 * i)),
          RowDrop(rate, splitmix64_mix(key_ + 2 * i + 1))};
}

MatrixView VoltPass::forward(MatrixView features, const LogitsLoss& loss) {
  MatrixView x = tokenize(features);
  blocks_ = scratch_.take<VoltBlockRecord>(layers_.blocks.size());
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const MutableMatrixView y = like(x);
    blocks_[i] = layers_.blocks[i].forward(block_input(i), x, y, scratch_);
    x = y;
  }
  const MutableMatrixView normed = like(x);
  pre_norm_ = layers_.pre_norm.forward(x, statistics_, normed, scratch_);
  const MutableMatrixView compact = scratch_.matrix(x.rows, layers_.pre.out());
  pre_ = layers_.pre.forward(normed, statistics_, compact, scratch_);
  compact_ = compact;
  const MatrixView voxels = unembed(compact);
  const MutableMatrixView top = like(voxels);
  post_norm_ = layers_.post_norm.forward(voxels, statistics_, top, scratch_);
  top_ = top;
  const MutableMatrixView logits = scratch_.matrix(top.rows, layers_.head.out());
  const MutableMatrixView d_logits = like(logits);
  forward_rows(layers_.head, top, logits);
  loss(logits, d_logits);
  return d_logits;
}

/// Every token is a linear function of the features of its voxels, each in a slot of its own.
MatrixView VoltPass::tokenize(MatrixView features) {
  const std::size_t channels = features.cols;
  const MutableMatrixView slots = scratch_.matrix(tokens_.size(), layers_.tokenizer.in());
  parallel_each(tokens_.size(), 1, [&](std::size_t t) {
    float* const row = slots.row(t);
    std::fill_n(row, slots.cols, 0.0F);
    for (const std::uint32_t voxel : tokens_.voxels.rows_of(t)) {
      std::copy_n(features.row(voxel), channels, row + tokens_.slot[voxel] * channels);
    }
  });
  slots_ = slots;
  const MutableMatrixView x = scratch_.matrix(tokens_.size(), layers_.tokenizer.out());
  forward_rows(layers_.tokenizer, slots, x);
  return x;
}

/// Every voxel takes the channels of its slot.
MatrixView VoltPass::unembed(MatrixView x) {
  const std::size_t channels = x.cols;
  const MutableMatrixView voxels = scratch_.matrix(tokens_.token.size(), channels);
  ScratchMemory temporary;
  const MutableMatrixView slots = temporary.matrix(x.rows, layers_.unembed.out());
  forward_rows(layers_.unembed, x, slots);
  const std::span<const float> bias = layers_.unembed_bias->value;
  parallel_each(voxels.rows, kGrain, [&](std::size_t i) {
    const float* const from = slots.row(tokens_.token[i]) + tokens_.slot[i] * channels;
    for (std::size_t j = 0; j < channels; ++j) voxels(i, j) = from[j] + bias[j];
  });
  return voxels;
}

void VoltPass::backward(MatrixView d_logits, bool head_only) {
  if (head_only) {
    backward_rows(layers_.head, top_, d_logits, {});
    return;
  }
  const MutableMatrixView d_voxels = like(top_);
  backward_rows(layers_.head, top_, d_logits, d_voxels);
  layers_.post_norm.backward(post_norm_, d_voxels);
  const MutableMatrixView d_compact = backward_unembed(d_voxels);
  const MutableMatrixView d = like(pre_.input);
  layers_.pre.backward(pre_, d_compact, d);
  layers_.pre_norm.backward(pre_norm_, d);
  for (std::size_t i = blocks_.size(); i-- > 0;) {
    layers_.blocks[i].backward(block_input(i), blocks_[i], d);
  }
  backward_rows(layers_.tokenizer, slots_, d, {});
}

MutableMatrixView VoltPass::backward_unembed(MatrixView d_voxels) {
  const std::size_t channels = d_voxels.cols;
  const MutableMatrixView d_compact = like(compact_);
  ScratchMemory temporary;
  const MutableMatrixView d_slots = temporary.matrix(compact_.rows, layers_.unembed.out());
  parallel_each(d_slots.rows, 1, [&](std::size_t t) {
    float* const row = d_slots.row(t);
    std::fill_n(row, d_slots.cols, 0.0F);
    for (const std::uint32_t voxel : tokens_.voxels.rows_of(t)) {
      std::copy_n(d_voxels.row(voxel), channels, row + tokens_.slot[voxel] * channels);
    }
  });
  add_column_sums(d_voxels, layers_.unembed_bias->gradient.data());
  backward_rows(layers_.unembed, compact_, d_slots, d_compact);
  return d_compact;
}

}  // namespace ptattn::train
