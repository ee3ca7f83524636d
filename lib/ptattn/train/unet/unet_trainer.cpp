#include "ptattn/train/unet/unet_trainer.hpp"

#include <algorithm>
#include <utility>

#include "ptattn/core/clone.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/train/unet/unet_pass.hpp"

namespace ptattn::train {
namespace {

constexpr std::size_t kStemSize = 5;

}  // namespace

UnetTrainer::UnetTrainer(UnetShape shape, const NetworkSettings& settings)
    : shape_(std::move(shape)) {
  const BatchNormLayer::Setting norm{
      .eps = shape_.norm_eps, .momentum = settings.norm_momentum, .activation = Activation::kGelu};
  const std::size_t channels = shape_.encoder.front().block.channels;
  std::size_t depth = 0;
  layers_.conv_sees_skip_alone = shape_.conv_sees_skip_alone;
  layers_.stem = ConvolutionLayer(
      parameters_, {"embedding.stem.conv", depth},
      {.in = shape_.in_channels, .out = channels, .size = kStemSize, .bias = false});
  layers_.stem_norm = BatchNormLayer(parameters_, {"embedding.stem.norm", depth}, channels, norm);
  ++depth;
  layers_.encoder.resize(shape_.encoder.size());
  layers_.decoder.resize(shape_.decoder.size());
  for (std::size_t s = 0; s < layers_.encoder.size(); ++s) declare_encoder(s, norm, depth);
  for (std::size_t s = layers_.decoder.size(); s-- > 0;) declare_decoder(s, norm, depth);
  layers_.set_drop_rates(settings.drop_path);
  const UnetStageShape& last =
      shape_.decoder.empty() ? shape_.encoder.back() : shape_.decoder.front();
  layers_.head =
      DenseLayer(parameters_, {"seg_head", depth, true}, last.block.channels, shape_.classes);
  if (settings.precision == Precision::kBf16) {
    parameters_.round_products([](const std::string& name) {  // stem and head are not
      return name.starts_with("enc.") || name.starts_with("dec.");
    });
  }
  parameters_.allocate();
  parameters_.initialize(settings.seed);
}

std::vector<UnetBlock> UnetTrainer::declare_blocks(const std::string& name,
                                                   const UnetStageShape& stage,
                                                   std::size_t& depth) {
  const std::size_t first = parameters_.parameters().size();
  std::vector<UnetBlock> blocks;
  blocks.reserve(stage.depth);
  for (std::size_t i = 0; i < stage.depth; ++i) {
    blocks.emplace_back(parameters_, LayerScope{name + ".block" + std::to_string(i), depth++},
                        stage.block);
  }
  parameters_.mark_block(first);
  return blocks;
}

void UnetTrainer::declare_encoder(std::size_t s, const BatchNormLayer::Setting& norm,
                                  std::size_t& depth) {
  const std::string name = "enc.enc" + std::to_string(s);
  const std::size_t channels = shape_.encoder[s].block.channels;
  UnetLayers::EncoderStage& stage = layers_.encoder[s];
  if (s > 0) {
    stage.down = DenseLayer(parameters_, {name + ".down.proj", depth},
                            shape_.encoder[s - 1].block.channels, channels);
    stage.norm = BatchNormLayer(parameters_, {name + ".down.norm.0", depth}, channels, norm);
  }
  stage.blocks = declare_blocks(name, shape_.encoder[s], depth);
}

void UnetTrainer::declare_decoder(std::size_t s, const BatchNormLayer::Setting& norm,
                                  std::size_t& depth) {
  const std::string name = "dec.dec" + std::to_string(s);
  const std::string up = name + ".up.proj";
  const std::size_t channels = shape_.decoder[s].block.channels;
  const UnetStageShape& below =
      s + 1 < shape_.decoder.size() ? shape_.decoder[s + 1] : shape_.encoder.back();
  UnetLayers::DecoderStage& stage = layers_.decoder[s];
  stage.proj = NormedLayer(parameters_, {up + ".0", depth}, up + ".1",
                           {below.block.channels, channels, norm});
  stage.proj_skip = NormedLayer(parameters_, {up + "_skip.0", depth}, up + "_skip.1",
                                {shape_.encoder[s].block.channels, channels, norm});
  stage.blocks = declare_blocks(name, shape_.decoder[s], depth);
}

void UnetTrainer::step(const PointInput& input, const StepSeed& seed, const LogitsLoss& loss) {
  ScratchMemory scratch;
  scratch.reserve(bytes_planned(input.positions.rows));
  layers_.pack(scratch);
  const UnetScene scene = scene_of(input, scratch);
  const StepKey key{splitmix64_mix(seed.seed ^ splitmix64_mix(seed.step + 1)), true};
  UnetPass pass(layers_, scene, norms_frozen_ ? NormStatistics::kRunning : NormStatistics::kOfStep,
                key, scratch);
  const MatrixView d_logits = pass.forward(input.features, loss);
  pass.backward(d_logits, head_only_);
}

Matrix UnetTrainer::scores(const PointInput& input) {
  Matrix scores;
  ScratchMemory scratch;
  layers_.pack(scratch);
  const UnetScene scene = scene_of(input, scratch);
  UnetPass pass(layers_, scene, NormStatistics::kRunning, StepKey{0, false}, scratch);
  (void)pass.forward(input.features, [&](MatrixView logits, MutableMatrixView /*d_logits*/) {
    scores = clone(logits);
  });
  return scores;
}

std::size_t UnetTrainer::bytes_planned(std::size_t rows) const {
  // Rows of a stage: a third of those of the one before, as measured for surfaces. A block keeps
  // its convolution's and linear's results, two sums, projections, heads and hidden features.
  const auto kept = [](const UnetStageShape& stage) {
    return static_cast<double>(stage.depth * stage.block.channels) * (9.0 + stage.block.mlp_ratio);
  };
  double floats = 2.0 * static_cast<double>(shape_.in_channels);
  double share = 1.0;
  for (std::size_t s = 0; s < shape_.encoder.size(); ++s, share /= 3.0) {
    auto widest = static_cast<double>(shape_.encoder[s].block.channels);
    floats += share * (kept(shape_.encoder[s]) + 2.0 * widest);
    if (s < shape_.decoder.size()) {
      widest = std::max(widest, static_cast<double>(shape_.decoder[s].block.channels));
      floats += share * (kept(shape_.decoder[s]) + 5.0 * widest);
    }
    floats += share * 8.0 * widest;  // derivatives
  }
  constexpr double kLists = 6.0 * 45.0 + 250.0;  // of voxels and their neighbours, bytes
  const double packed = 2.0 * static_cast<double>(parameters_.values().size());
  return static_cast<std::size_t>(static_cast<double>(rows) * (4.0 * floats + kLists) +
                                  4.0 * packed);
}

}  // namespace ptattn::train
