#include "ptattn/train/ptv3/ptv3_trainer.hpp"

#include <algorithm>
#include <cmath>
#include <new>
#include <numeric>
#include <string>
#include <utility>

#include "ptattn/core/error.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/train/ptv3/ptv3_pass.hpp"

namespace ptattn::train {
namespace {

constexpr std::size_t kStemSize = 5;

/// What this cannot train.
void check_supported(const Ptv3Config& config, const std::string& subject) {
  const auto refuse = [&](const std::string& what) {
    throw Error(Fault::kModel, subject, what + ", which is not supported in training");
  };
  if (config.mode != Ptv3Mode::kBase) refuse("is no Point Transformer V3 of mode m1");
  if (config.enc_mode) refuse("has enc_mode");
  if (!config.num_classes) refuse("has no num_classes");
  if (config.layer_scale) refuse("has layer_scale");
  if (config.norm_order != NormOrder::kPre) refuse("has pre_norm false");
}

/// As the public code computes it, in float64.
std::size_t table_bound(std::size_t patch_size) {
  return static_cast<std::size_t>(std::pow(4.0 * static_cast<double>(patch_size), 1.0 / 3.0) * 2.0);
}

/// The rate of block `index` of `count`, which grow linearly from 0 to `last`.
double drop_rate(double last, std::size_t index, std::size_t count) {
  return count < 2 ? 0.0 : last * static_cast<double>(index) / static_cast<double>(count - 1);
}

std::size_t block_count(std::span<const Ptv3Config::Stage> stages) {
  return std::accumulate(
      stages.begin(), stages.end(), std::size_t{0},
      [](std::size_t sum, const Ptv3Config::Stage& stage) { return sum + stage.depth; });
}

}  // namespace

Ptv3Trainer::Ptv3Trainer(Ptv3Config config, const NetworkSettings& settings,
                         const std::string& subject) {
  check_supported(config, subject);
  layers_.config = std::move(config);
  layers_.norm = {.eps = layers_.config.norm_eps,
                  .momentum = settings.norm_momentum,
                  .activation = Activation::kGelu};
  const Ptv3Config& c = layers_.config;
  std::size_t depth = 0;
  const std::size_t channels = c.encoder.front().channels;
  layers_.stem =
      ConvolutionLayer(parameters_, {"embedding.stem.conv", depth},
                       {.in = c.in_channels, .out = channels, .size = kStemSize, .bias = false});
  layers_.stem_norm =
      BatchNormLayer(parameters_, {"embedding.stem.norm", depth}, channels, layers_.norm);
  ++depth;
  layers_.encoder.resize(c.encoder.size());
  layers_.decoder.resize(c.decoder.size());
  for (std::size_t s = 0; s < c.encoder.size(); ++s) declare_encoder(s, depth);
  for (std::size_t s = c.decoder.size(); s-- > 0;) declare_decoder(s, depth);
  set_drop_rates(settings.drop_path);
  const Ptv3Config::Stage& last = c.decoder.empty() ? c.encoder.back() : c.decoder.front();
  layers_.head = DenseLayer(parameters_, {"seg_head", depth, true}, last.channels, *c.num_classes);
  parameters_.allocate();
  parameters_.initialize(settings.seed);
}

std::vector<PatchBlock> Ptv3Trainer::declare_blocks(const std::string& name,
                                                    const Ptv3Config::Stage& stage,
                                                    std::size_t& depth) {
  const Ptv3Config& c = layers_.config;
  std::vector<PatchBlock> blocks;
  blocks.reserve(stage.depth);
  for (std::size_t i = 0; i < stage.depth; ++i) {
    blocks.emplace_back(
        parameters_, LayerPlace{name + ".block" + std::to_string(i), depth++},
        PatchBlock::Shape{.channels = stage.channels,
                          .heads = stage.heads,
                          .mlp_ratio = c.mlp_ratio,
                          .qk_scale = c.qk_scale,
                          .qkv_bias = c.qkv_bias,
                          .table_bound = c.enable_rpe ? table_bound(stage.patch_size) : 0});
  }
  return blocks;
}

void Ptv3Trainer::declare_encoder(std::size_t s, std::size_t& depth) {
  const Ptv3Config& c = layers_.config;
  const std::string name = "enc.enc" + std::to_string(s);
  Ptv3Layers::EncoderStage& stage = layers_.encoder[s];
  if (s > 0) {
    stage.down = DenseLayer(parameters_, {name + ".down.proj", depth}, c.encoder[s - 1].channels,
                            c.encoder[s].channels);
    stage.norm = BatchNormLayer(parameters_, {name + ".down.norm.0", depth}, c.encoder[s].channels,
                                layers_.norm);
  }
  stage.blocks = declare_blocks(name, c.encoder[s], depth);
}

void Ptv3Trainer::declare_decoder(std::size_t s, std::size_t& depth) {
  const Ptv3Config& c = layers_.config;
  const std::string name = "dec.dec" + std::to_string(s);
  const std::size_t channels = c.decoder[s].channels;
  const std::size_t below =
      s + 1 < c.decoder.size() ? c.decoder[s + 1].channels : c.encoder.back().channels;
  Ptv3Layers::DecoderStage& stage = layers_.decoder[s];
  stage.proj = DenseLayer(parameters_, {name + ".up.proj.0", depth}, below, channels);
  stage.proj_norm =
      BatchNormLayer(parameters_, {name + ".up.proj.1", depth}, channels, layers_.norm);
  stage.proj_skip =
      DenseLayer(parameters_, {name + ".up.proj_skip.0", depth}, c.encoder[s].channels, channels);
  stage.skip_norm =
      BatchNormLayer(parameters_, {name + ".up.proj_skip.1", depth}, channels, layers_.norm);
  stage.blocks = declare_blocks(name, c.decoder[s], depth);
}

void Ptv3Trainer::set_drop_rates(double last) {
  const Ptv3Config& c = layers_.config;
  std::size_t index = 0;
  for (Ptv3Layers::EncoderStage& stage : layers_.encoder) {
    for (std::size_t i = 0; i < stage.blocks.size(); ++i) {
      stage.drop_rates.push_back(drop_rate(last, index++, block_count(c.encoder)));
    }
  }
  index = 0;
  for (Ptv3Layers::DecoderStage& stage : layers_.decoder) {
    for (std::size_t i = 0; i < stage.blocks.size(); ++i) {
      stage.drop_rates.push_back(drop_rate(last, index++, block_count(c.decoder)));
    }
    std::ranges::reverse(stage.drop_rates);  // the first block of a stage is its deepest
  }
}

void Ptv3Trainer::step(const PointInput& input, const StepSeed& seed, const LogitsLoss& loss) {
  ScratchMemory scratch;
  scratch.reserve(bytes_planned(input.positions.rows));
  layers_.pack(scratch);
  Ptv3Pass pass(layers_, norms_frozen_ ? NormStatistics::kRunning : NormStatistics::kOfStep,
                StepKey{splitmix64_mix(seed.seed ^ splitmix64_mix(seed.step + 1)), true}, scratch);
  const MutableMatrixView d_logits = pass.forward(input, loss);
  pass.backward(d_logits, head_only_);
}

Matrix Ptv3Trainer::scores(const PointInput& input) {
  Matrix scores(input.positions.rows, class_count());
  ScratchMemory scratch;
  layers_.pack(scratch);
  Ptv3Pass pass(layers_, NormStatistics::kRunning, StepKey{0, false}, scratch);
  (void)pass.forward(input, [&](MatrixView logits, MutableMatrixView /*d_logits*/) {
    for (std::size_t i = 0; i < logits.rows; ++i) {
      std::copy_n(logits.row(i), logits.cols, scores.row(i));
    }
  });
  return scores;
}

std::size_t Ptv3Trainer::bytes_planned(std::size_t rows) const {
  // Rows of a stage: a third of those of the one before, as measured for surfaces. A block keeps
  // its convolution's and linear's results, two sums, projections, heads and hidden features.
  const Ptv3Config& c = layers_.config;
  const auto kept = [&](const Ptv3Config::Stage& stage) {
    return static_cast<double>(stage.depth * stage.channels) * (9.0 + c.mlp_ratio);
  };
  double floats = 2.0 * static_cast<double>(c.in_channels);
  double share = 1.0;
  for (std::size_t s = 0; s < c.encoder.size(); ++s, share /= 3.0) {
    double widest = static_cast<double>(c.encoder[s].channels);
    floats += share * (kept(c.encoder[s]) + 2.0 * widest);
    if (s < c.decoder.size()) {
      widest = std::max(widest, static_cast<double>(c.decoder[s].channels));
      floats += share * (kept(c.decoder[s]) + 5.0 * widest);
    }
    floats += share * 8.0 * widest;  // derivatives
  }
  constexpr double kLists = 6.0 * 45.0 + 250.0;  // of voxels and their neighbours, bytes
  const double packed = 2.0 * static_cast<double>(parameters_.values().size());
  const double bytes = static_cast<double>(rows) * (4.0 * floats + kLists) + 4.0 * packed;
  return static_cast<std::size_t>(bytes);
}

std::unique_ptr<TrainableNetwork> make_ptv3_trainer(const ArchitectureConfig& config,
                                                    const NetworkSettings& settings) {
  return std::make_unique<Ptv3Trainer>(
      read_ptv3_config(config.hyper_parameters, Ptv3Mode::kBase, config.subject), settings,
      config.subject);
}

}  // namespace ptattn::train
