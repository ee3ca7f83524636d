#include "ptattn/train/ptv3/ptv3_trainer.hpp"

#include <cmath>
#include <new>
#include <vector>

#include "ptattn/core/error.hpp"
#include "ptattn/models/ptv3/input.hpp"
#include "ptattn/models/ptv3/patches.hpp"
#include "ptattn/models/ptv3/serialization.hpp"

namespace ptattn::train {
namespace {

/// As the public code computes it, in float64.
std::size_t table_bound(std::size_t patch_size) {
  return static_cast<std::size_t>(std::pow(4.0 * static_cast<double>(patch_size), 1.0 / 3.0) * 2.0);
}

std::vector<UnetStageShape> stage_shapes(const Ptv3Config& config,
                                         const std::vector<Ptv3Config::Stage>& stages) {
  std::vector<UnetStageShape> shapes;
  for (const Ptv3Config::Stage& stage : stages) {
    shapes.push_back({stage.depth,
                      {.channels = stage.channels,
                       .heads = stage.heads,
                       .mlp_ratio = config.mlp_ratio,
                       .qk_scale = config.qk_scale,
                       .qkv_bias = config.qkv_bias,
                       .table_bound = config.enable_rpe ? table_bound(stage.patch_size) : 0}});
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
          .conv_sees_skip_alone = true};
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
        ptv3_regrouped(config, s, stage.level, order.rows, order.patches, scratch);
    stage.decoder_orders[o] = {groups.rows, groups.patches};
  }
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
      const Ptv3Step step = step_to(config_, s, fine.depth);
      begin_coarser_stage(fine, step.stride, stage, scratch);
      stage.level.depth = step.depth ? *step.depth : serialization_depth(stage.level.cells);
    }
    cut_patches_of(config_, s, stage, scratch);
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

}  // namespace ptattn::train
