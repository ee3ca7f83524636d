#include "ptattn/train/ptv3/ptv3_pass.hpp"

#include <algorithm>

#include "ptattn/nn/kernels/rows.hpp"
#include "ptattn/train/layers/row_passes.hpp"
#include "ptattn/train/layers/segment_pooling.hpp"

namespace ptattn::train {
namespace {

MutableMatrixView like(MatrixView x, ScratchMemory& scratch) {
  return scratch.matrix(x.rows, x.cols);
}

/// x[rows]
MatrixView gathered(MatrixView x, std::span<const std::uint32_t> rows, ScratchMemory& scratch) {
  const MutableMatrixView out = scratch.matrix(rows.size(), x.cols);
  for_each_row_block(rows.size(), [&](std::size_t first, std::size_t count) {
    copy_rows(x, rows.subspan(first, count), out.rows_range(first, count));
  });
  return out;
}

/// out[rows[i]] = x[i]
void scatter(MatrixView x, std::span<const std::uint32_t> rows, MutableMatrixView out) {
  for_each_row_block(rows.size(), [&](std::size_t first, std::size_t count) {
    for (std::size_t i = first; i < first + count; ++i) {
      std::copy_n(x.row(i), x.cols, out.row(rows[i]));
    }
  });
}

}  // namespace

void Ptv3Layers::pack(ScratchMemory& scratch) {
  stem.pack(scratch, false);
  for (std::size_t s = 0; s < encoder.size(); ++s) {
    if (s > 0) encoder[s].down.pack(scratch);
    for (PatchBlock& block : encoder[s].blocks) block.pack(scratch);
  }
  for (DecoderStage& stage : decoder) {
    stage.proj.pack(scratch);
    stage.proj_skip.pack(scratch);
    for (PatchBlock& block : stage.blocks) block.pack(scratch);
  }
  head.pack(scratch);
}

MutableMatrixView Ptv3Pass::forward(const PointInput& input, const LogitsLoss& loss) {
  scene_ = ptv3_scene(layers_.config, input, scratch_);
  encoder_ = scratch_.take<EncoderRecord>(layers_.encoder.size());
  decoder_ = scratch_.take<DecoderRecord>(layers_.decoder.size());
  embed(input);
  for (std::size_t s = 0; s < encoder_.size(); ++s) encode(s);
  for (std::size_t s = decoder_.size(); s-- > 0;) decode(s);
  top_ = decoder_.empty() ? encoder_.back().features : decoder_.front().features;
  const MutableMatrixView sorted = scratch_.matrix(top_.rows, layers_.head.out());
  const MutableMatrixView logits = like(sorted, scratch_);
  const MutableMatrixView d_logits = like(sorted, scratch_);
  forward_rows(layers_.head, top_, sorted);
  scatter(sorted, scene_.rows, logits);
  loss(logits, d_logits);
  return d_logits;
}

/// embedding: GELU(BN(conv(x)))
void Ptv3Pass::embed(const PointInput& input) {
  EncoderRecord& record = encoder_[0] = {};
  const MatrixView x = gathered(input.features, scene_.rows, scratch_);
  const MutableMatrixView product =
      scratch_.matrix(x.rows, layers_.config.encoder.front().channels);
  const MutableMatrixView output = like(product, scratch_);
  layers_.stem.forward(scene_.stem, x, product);
  const BatchNormRecord norm = layers_.stem_norm.forward(product, statistics_, output, scratch_);
  record.down = {x, norm, output};
}

/// GELU(BN(layer(x)))
Ptv3Pass::NormedLayer Ptv3Pass::normed(const DenseLayer& layer, const BatchNormLayer& norm,
                                       MatrixView x) {
  const MutableMatrixView product = scratch_.matrix(x.rows, layer.out());
  const MutableMatrixView output = like(product, scratch_);
  forward_rows(layer, x, product);
  const BatchNormRecord record = norm.forward(product, statistics_, output, scratch_);
  return {x, record, output};
}

/// Down: GELU(BN(max of linear(x) over the rows of a coarser voxel)), then the blocks.
void Ptv3Pass::encode(std::size_t s) {
  const Ptv3Layers::EncoderStage& layers = layers_.encoder[s];
  EncoderRecord& record = encoder_[s];
  if (s > 0) {
    record = {};
    const Ptv3Stage& stage = scene_.stages[s];
    const MatrixView fine = encoder_[s - 1].features;
    const std::size_t c = layers.down.out();
    const MutableMatrixView largest = scratch_.matrix(stage.level.size(), c);
    const MutableMatrixView output = like(largest, scratch_);
    const MutableMatrixView product = scratch_.matrix(fine.rows, c);
    forward_rows(layers.down, fine, product);
    record.winners = segment_max(product, stage.segments, largest, scratch_);
    const BatchNormRecord norm = layers.norm.forward(largest, statistics_, output, scratch_);
    record.down = {fine, norm, output};
  }
  record.blocks = scratch_.take<PatchBlockRecord>(layers.blocks.size());
  record.features =
      forward_blocks(layers.blocks, s, true, record.down.output, record.down.output, record.blocks);
}

/// Up: the skip connection plus what comes from the coarser stage, then the blocks. The first
/// convolution sees the skip connection only.
void Ptv3Pass::decode(std::size_t s) {
  const Ptv3Layers::DecoderStage& layers = layers_.decoder[s];
  DecoderRecord& record = decoder_[s] = {};
  const MatrixView below =
      s + 1 < decoder_.size() ? decoder_[s + 1].features : encoder_.back().features;
  record.up = normed(layers.proj, layers.proj_norm, below);
  record.skip = normed(layers.proj_skip, layers.skip_norm, encoder_[s].features);
  const MutableMatrixView sum = like(record.skip.output, scratch_);
  const std::span<const std::uint32_t> parents = scene_.stages[s + 1].parents;
  for_each_row_block(sum.rows, [&](std::size_t first, std::size_t rows) {
    const MutableMatrixView part = sum.rows_range(first, rows);
    copy_rows(record.up.output, parents.subspan(first, rows), part);
    add_matrices(part, record.skip.output.rows_range(first, rows), part);
  });
  record.blocks = scratch_.take<PatchBlockRecord>(layers.blocks.size());
  record.features = forward_blocks(layers.blocks, s, false, record.skip.output, sum, record.blocks);
}

PatchBlockInput Ptv3Pass::block_input(std::size_t s, std::size_t i, bool encoder) const {
  const Ptv3Stage& stage = scene_.stages[s];
  const std::span<PatchOrder> orders = encoder ? stage.encoder_orders : stage.decoder_orders;
  const std::size_t turn = i % orders_of(layers_.config, s).size();
  const double rate = !key_.drops ? 0.0
                      : encoder   ? layers_.encoder[s].drop_rates[i]
                                  : layers_.decoder[s].drop_rates[i];
  const std::uint64_t branch = 2 * ((s * 1024 + i) * 2 + (encoder ? 1 : 0));
  return {stage.level.neighbors, orders[turn], stage.level.cells,
          RowDrop(rate, splitmix64_mix(key_.key + branch)),
          RowDrop(rate, splitmix64_mix(key_.key + branch + 1))};
}

MatrixView Ptv3Pass::forward_blocks(std::span<const PatchBlock> blocks, std::size_t s, bool encoder,
                                    MatrixView conv_input, MatrixView x,
                                    std::span<PatchBlockRecord> records) {
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const MutableMatrixView y = like(x, scratch_);
    records[i] =
        blocks[i].forward(block_input(s, i, encoder), i == 0 ? conv_input : x, x, y, scratch_);
    x = y;
  }
  return x;
}

void Ptv3Pass::backward_blocks(std::span<const PatchBlock> blocks, std::size_t s, bool encoder,
                               std::span<const PatchBlockRecord> records, MutableMatrixView d,
                               MutableMatrixView d_conv) {
  for (std::size_t i = blocks.size(); i-- > 0;) {
    blocks[i].backward(block_input(s, i, encoder), records[i], d, d_conv);
    if (i > 0) add_rows(d_conv, d);
  }
}

void Ptv3Pass::backward(MatrixView d_logits, bool head_only) {
  const MatrixView sorted = gathered(d_logits, scene_.rows, scratch_);
  if (head_only) {
    backward_rows(layers_.head, top_, sorted, {});
    return;
  }
  MutableMatrixView d = like(top_, scratch_);
  backward_rows(layers_.head, top_, sorted, d);
  for (std::size_t s = 0; s < decoder_.size(); ++s) d = backward_decoder(s, d);
  for (std::size_t s = encoder_.size(); s-- > 0;) {
    if (s + 1 == encoder_.size()) {
      backward_encoder(s, d);
    } else {
      backward_encoder(s, encoder_[s].d_features);
    }
  }
}

/// @param d  derivatives of the stage's features
/// @return   those of the coarser stage's features
MutableMatrixView Ptv3Pass::backward_decoder(std::size_t s, MutableMatrixView d) {
  const Ptv3Layers::DecoderStage& layers = layers_.decoder[s];
  DecoderRecord& record = decoder_[s];
  const MutableMatrixView d_coarse = like(record.up.output, scratch_);
  const MutableMatrixView d_below = like(record.up.input, scratch_);
  encoder_[s].d_features = like(record.skip.input, scratch_);
  ScratchMemory temporary;
  const MutableMatrixView d_conv = like(d, temporary);
  backward_blocks(layers.blocks, s, false, record.blocks, d, d_conv);
  segment_sum(d, scene_.stages[s + 1].segments, d_coarse);
  if (!layers.blocks.empty()) add_rows(d_conv, d);
  layers.skip_norm.backward(record.skip.norm, d);
  backward_rows(layers.proj_skip, record.skip.input, d, encoder_[s].d_features);
  layers.proj_norm.backward(record.up.norm, d_coarse);
  backward_rows(layers.proj, record.up.input, d_coarse, d_below);
  return d_below;
}

/// @param d  derivatives of the stage's features; those of the finer stage's get what is theirs
void Ptv3Pass::backward_encoder(std::size_t s, MutableMatrixView d) {
  const Ptv3Layers::EncoderStage& layers = layers_.encoder[s];
  EncoderRecord& record = encoder_[s];
  ScratchMemory temporary;
  {
    ScratchMemory of_blocks;
    const MutableMatrixView d_conv = like(d, of_blocks);
    backward_blocks(layers.blocks, s, true, record.blocks, d, d_conv);
    if (!layers.blocks.empty()) add_rows(d_conv, d);
  }
  if (s == 0) {
    layers_.stem_norm.backward(record.down.norm, d);
    layers_.stem.backward_weight(scene_.stem, record.down.input, d);
    return;
  }
  layers.norm.backward(record.down.norm, d);
  const MutableMatrixView d_product = temporary.matrix(record.down.input.rows, layers.down.out());
  const MutableMatrixView d_fine = like(record.down.input, temporary);
  segment_max_backward(record.winners, scene_.stages[s].segments, d, d_product);
  backward_rows(layers.down, record.down.input, d_product, d_fine);
  add_rows(d_fine, encoder_[s - 1].d_features);
}

}  // namespace ptattn::train
