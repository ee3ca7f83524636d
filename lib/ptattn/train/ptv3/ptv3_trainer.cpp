#include "ptattn/train/ptv3/ptv3_trainer.hpp"

#include <cmath>
#include <new>
#include <vector>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/models/litept/litept.hpp"
#include "ptattn/models/ptv3/input.hpp"
#include "ptattn/models/ptv3/patches.hpp"
#include "ptattn/models/ptv3/serialization.hpp"
#include "ptattn/nn/encoding/rotary_encoding.hpp"

namespace ptattn::train {
namespace {

constexpr std::size_t kGrain = 256;  // rows of a task

/// As the public code computes it, in float64.
std::size_t table_bound(std::size_t patch_size) {
  return static_cast<std::size_t>(std::pow(4.0 * static_cast<double>(patch_size), 1.0 / 3.0) * 2.0);
}

std::vector<UnetStageShape> stage_shapes(const Ptv3Config& config,
                                         const std::vector<Ptv3Config::Stage>& stages) {
  const char* const conv_name = config.mode == Ptv3Mode::kLitept ? "conv" : "cpe";
  std::vector<UnetStageShape> shapes;
  for (const Ptv3Config::Stage& stage : stages) {
    const bool has_table = config.enable_rpe && stage.attention;
    shapes.push_back({stage.depth,
                      {.channels = stage.channels,
                       .heads = stage.heads,
                       .mlp_ratio = config.mlp_ratio,
                       .qk_scale = config.qk_scale,
                       .qkv_bias = config.qkv_bias,
                       .table_bound = has_table ? table_bound(stage.patch_size) : 0,
                       .conv_name = stage.convolution ? conv_name : "",
                       .has_attention = stage.attention}});
  }
  return shapes;
}

/// @throws Error(Fault::kModel) for what cannot be trained
UnetShape shape_of(const Ptv3Config& config, const std::string& subject) {
  const auto refuse = [&](const std::string& what) {
    throw Error(Fault::kModel, subject, what + ", which is not supported in training");
  };
  if (config.enc_mode) refuse("has enc_mode");
  if (!config.num_classes) refuse("has no num_classes");
  if (config.layer_scale) refuse("has layer_scale");
  if (config.norm_order != NormOrder::kPre) refuse("has pre_norm false");
  return {.in_channels = config.in_channels,
          .classes = *config.num_classes,
          .norm_eps = config.norm_eps,
          .encoder = stage_shapes(config, config.encoder),
          .decoder = stage_shapes(config, config.decoder),
          .conv_sees_skip_alone = config.mode == Ptv3Mode::kBase};
}

/// Orders of the encoder's blocks and of the decoder's.
void cut_patches_of(const Ptv3Config& config, std::size_t s, UnetStage& stage,
                    ScratchMemory& scratch) {
  order_along(curves_used(config, s), stage.level, scratch);
  const auto patches = ptv3_patches(config, s, stage.level, nullptr, scratch);
  const std::size_t count = stage.level.orders.size();
  stage.encoder_orders = scratch.take<PatchOrder>(count);
  stage.decoder_orders = scratch.take<PatchOrder>(count);
  for (std::size_t o = 0; o < count; ++o) {
    const PatchOrder order{stage.level.orders[o], patches[o]};
    stage.encoder_orders[o] = stage.decoder_orders[o] = order;
    if (!decoder_regroups(config, s)) continue;
    const Ptv3Grouping groups =
        ptv3_decoder_patches(config, s, stage.level, order.rows, order.patches, scratch);
    stage.decoder_orders[o] = {groups.rows, groups.patches};
  }
}

/// LitePT's rotary encoding of a side of a stage, by the voxels' cells.
BlockRotation rotation_of(const Ptv3Config& config, const Ptv3Config::Stage& shape,
                          const Ptv3Level& level, ScratchMemory& scratch) {
  if (config.mode != Ptv3Mode::kLitept || shape.attending() == 0) return {};
  const std::size_t n = level.size();
  const std::size_t width = shape.channels / shape.heads;
  const MutableMatrixView angles = scratch.matrix(n, width);
  const MutableMatrixView backward = scratch.matrix(n, width);
  ScratchMemory temporary;
  const MutableMatrixView relative = temporary.matrix(n, 3);
  parallel_each(n, kGrain, [&](std::size_t i) {
    for (std::size_t a = 0; a < 3; ++a) {  // only differences of cells matter
      relative(i, a) = static_cast<float>(static_cast<std::int32_t>(level.cells[i][a]) -
                                          static_cast<std::int32_t>(level.cells[0][a]));
    }
  });
  rotary_angles(relative, shape.rope_base, angles);
  parallel_each(n, kGrain, [&](std::size_t i) {
    for (std::size_t j = 0; j < width; j += 2) {
      backward(i, j) = -angles(i, j);
      backward(i, j + 1) = angles(i, j + 1);
    }
  });
  return {angles, backward};
}

}  // namespace

Ptv3Trainer::Ptv3Trainer(const Ptv3Config& config, const NetworkSettings& settings,
                         const std::string& subject)
    : UnetTrainer(shape_of(config, subject), settings), config_(config) {}

UnetScene Ptv3Trainer::scene_of(const PointInput& input, ScratchMemory& scratch) const {
  const Ptv3Input sorted = read_ptv3_input(input, config_.in_channels, scratch);
  UnetScene scene{};
  scene.rows = sorted.rows;
  scene.stages = scratch.take<UnetStage>(config_.encoder.size());
  for (std::size_t s = 0; s < scene.stages.size(); ++s) {
    UnetStage& stage = scene.stages[s];
    if (s == 0) {
      (::new (&stage) UnetStage{})->level = sorted.level;
    } else {
      const Ptv3Level& fine = scene.stages[s - 1].level;
      const PoolingStep step = step_to(config_, s, fine.depth);
      begin_coarser_stage(fine, step.stride, stage, scratch);
      stage.level.depth = step.depth ? *step.depth : serialization_depth(stage.level.cells);
    }
    cut_patches_of(config_, s, stage, scratch);
    stage.encoder_rotation = rotation_of(config_, config_.encoder[s], stage.level, scratch);
    if (s < config_.decoder.size()) {
      stage.decoder_rotation = rotation_of(config_, config_.decoder[s], stage.level, scratch);
    }
    find_neighbors(stage.level, scratch);
  }
  scene.stem = stem_neighbors(scene.stages.front().level, scratch);
  return scene;
}

std::unique_ptr<TrainableNetwork> make_ptv3_trainer(const ArchitectureConfig& config,
                                                    const NetworkSettings& settings) {
  return std::make_unique<Ptv3Trainer>(
      read_ptv3_config(config.hyper_parameters, Ptv3Mode::kBase, config.subject), settings,
      config.subject);
}

std::unique_ptr<TrainableNetwork> make_litept_trainer(const ArchitectureConfig& config,
                                                      const NetworkSettings& settings) {
  return std::make_unique<Ptv3Trainer>(read_litept_config(config.hyper_parameters, config.subject),
                                       settings, config.subject);
}

}  // namespace ptattn::train
