#include "ptattn/train/unet/unet_pass.hpp"

#include <algorithm>

#include "ptattn/nn/kernels/rows.hpp"
#include "ptattn/train/kernels/row_gradients.hpp"
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
    copy_to_rows(x.rows_range(first, count), rows.subspan(first, count), out);
  });
}

}  // namespace

MutableMatrixView UnetPass::forward(MatrixView features, const LogitsLoss& loss) {
  encoder_ = scratch_.take<EncoderRecord>(layers_.encoder.size());
  decoder_ = scratch_.take<DecoderRecord>(layers_.decoder.size());
  for (std::size_t s = 0; s < encoder_.size(); ++s) {
    encoder_[s] = {};
    const MatrixView x = s == 0 ? embed(features) : pool(s);
    encoder_[s].blocks = scratch_.take<UnetBlockRecord>(layers_.encoder[s].blocks.size());
    encoder_[s].features =
        forward_blocks(layers_.encoder[s].blocks, s, true, x, x, encoder_[s].blocks);
  }
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
MatrixView UnetPass::embed(MatrixView features) {
  const MatrixView x = gathered(features, scene_.rows, scratch_);
  const MutableMatrixView product = scratch_.matrix(x.rows, layers_.stem.out());
  const MutableMatrixView output = like(product, scratch_);
  layers_.stem.forward(scene_.stem, x, product);
  encoder_[0].input = x;
  encoder_[0].norm = layers_.stem_norm.forward(product, statistics_, output, scratch_);
  return output;
}

/// Down: GELU(BN(max of linear(x) over the rows of a coarser voxel))
MatrixView UnetPass::pool(std::size_t s) {
  const UnetLayers::EncoderStage& layers = layers_.encoder[s];
  EncoderRecord& record = encoder_[s];
  const UnetStage& stage = scene_.stages[s];
  record.input = encoder_[s - 1].features;
  const MutableMatrixView largest = scratch_.matrix(stage.level.size(), layers.down.out());
  const MutableMatrixView output = like(largest, scratch_);
  const MutableMatrixView product = scratch_.matrix(record.input.rows, layers.down.out());
  forward_rows(layers.down, record.input, product);
  record.winners = segment_max(product, stage.segments, largest, scratch_);
  record.norm = layers.norm.forward(largest, statistics_, output, scratch_);
  return output;
}

/// Up: the skip connection plus what comes from the coarser stage, then the blocks.
void UnetPass::decode(std::size_t s) {
  const UnetLayers::DecoderStage& layers = layers_.decoder[s];
  DecoderRecord& record = decoder_[s] = {};
  const MatrixView below =
      s + 1 < decoder_.size() ? decoder_[s + 1].features : encoder_.back().features;
  const MutableMatrixView coarse = scratch_.matrix(below.rows, layers.proj.out());
  const MutableMatrixView skip = scratch_.matrix(encoder_[s].features.rows, layers.proj_skip.out());
  record.up = layers.proj.forward(below, statistics_, coarse, scratch_);
  record.skip = layers.proj_skip.forward(encoder_[s].features, statistics_, skip, scratch_);
  const MutableMatrixView sum = like(skip, scratch_);
  const std::span<const std::uint32_t> parents = scene_.stages[s + 1].parents;
  for_each_row_block(sum.rows, [&](std::size_t first, std::size_t rows) {
    const MutableMatrixView part = sum.rows_range(first, rows);
    copy_rows(coarse, parents.subspan(first, rows), part);
    add_matrices(part, skip.rows_range(first, rows), part);
  });
  record.blocks = scratch_.take<UnetBlockRecord>(layers.blocks.size());
  record.features = forward_blocks(layers.blocks, s, false,
                                   layers_.conv_sees_skip_alone ? skip : sum, sum, record.blocks);
}

UnetBlockInput UnetPass::block_input(std::size_t s, std::size_t i, bool encoder) const {
  const UnetStage& stage = scene_.stages[s];
  const std::span<PatchOrder> orders = encoder ? stage.encoder_orders : stage.decoder_orders;
  const double rate = !key_.drops ? 0.0
                      : encoder   ? layers_.encoder[s].drop_rates[i]
                                  : layers_.decoder[s].drop_rates[i];
  const std::uint64_t branch = 2 * ((s * 1024 + i) * 2 + (encoder ? 1 : 0));
  return {stage.level.neighbors,
          orders.empty() ? PatchOrder{} : orders[i % orders.size()],
          stage.level.cells,
          encoder ? stage.encoder_rotation : stage.decoder_rotation,
          RowDrop(rate, splitmix64_mix(key_.key + branch)),
          RowDrop(rate, splitmix64_mix(key_.key + branch + 1))};
}

MatrixView UnetPass::forward_blocks(std::span<const UnetBlock> blocks, std::size_t s, bool encoder,
                                    MatrixView conv_input, MatrixView x,
                                    std::span<UnetBlockRecord> records) {
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const MutableMatrixView y = like(x, scratch_);
    records[i] =
        blocks[i].forward(block_input(s, i, encoder), i == 0 ? conv_input : x, x, y, scratch_);
    x = y;
  }
  return x;
}

void UnetPass::backward_blocks(std::span<const UnetBlock> blocks, std::size_t s, bool encoder,
                               std::span<const UnetBlockRecord> records, MutableMatrixView d,
                               MutableMatrixView d_conv) {
  for (std::size_t i = blocks.size(); i-- > 0;) {
    blocks[i].backward(block_input(s, i, encoder), records[i], d, d_conv);
    if (i > 0) add_rows(d_conv, d);
  }
}

void UnetPass::backward(MatrixView d_logits, bool head_only) {
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
MutableMatrixView UnetPass::backward_decoder(std::size_t s, MutableMatrixView d) {
  const UnetLayers::DecoderStage& layers = layers_.decoder[s];
  DecoderRecord& record = decoder_[s];
  const MutableMatrixView d_coarse = like(record.up.norm.x, scratch_);
  const MutableMatrixView d_below = like(record.up.input, scratch_);
  encoder_[s].d_features = like(record.skip.input, scratch_);
  ScratchMemory temporary;
  const MutableMatrixView d_conv = like(d, temporary);
  backward_blocks(layers.blocks, s, false, record.blocks, d, d_conv);
  const bool has_blocks = !layers.blocks.empty();
  if (has_blocks && !layers_.conv_sees_skip_alone) add_rows(d_conv, d);
  segment_sum(d, scene_.stages[s + 1].segments, d_coarse);
  if (has_blocks && layers_.conv_sees_skip_alone) add_rows(d_conv, d);
  layers.proj_skip.backward(record.skip, d, encoder_[s].d_features);
  layers.proj.backward(record.up, d_coarse, d_below);
  return d_below;
}

/// @param d  derivatives of the stage's features; those of the finer stage's get what is theirs
void UnetPass::backward_encoder(std::size_t s, MutableMatrixView d) {
  const UnetLayers::EncoderStage& layers = layers_.encoder[s];
  const EncoderRecord& record = encoder_[s];
  ScratchMemory temporary;
  {
    ScratchMemory of_blocks;
    const MutableMatrixView d_conv = like(d, of_blocks);
    backward_blocks(layers.blocks, s, true, record.blocks, d, d_conv);
    if (!layers.blocks.empty()) add_rows(d_conv, d);
  }
  if (s == 0) {
    layers_.stem_norm.backward(record.norm, d);
    layers_.stem.backward_weight(scene_.stem, record.input, d);
    return;
  }
  layers.norm.backward(record.norm, d);
  const MutableMatrixView d_product = temporary.matrix(record.input.rows, layers.down.out());
  const MutableMatrixView d_fine = like(record.input, temporary);
  segment_max_backward(record.winners, scene_.stages[s].segments, d, d_product);
  backward_rows(layers.down, record.input, d_product, d_fine);
  add_rows(d_fine, encoder_[s - 1].d_features);
}

}  // namespace ptattn::train
