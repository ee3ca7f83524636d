#include "ptattn/train/volt/volt_trainer.hpp"

#include <optional>

#include "ptattn/core/clone.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/train/volt/volt_pass.hpp"

namespace ptattn::train {
namespace {

constexpr double kNormEps = 1e-3;     // of batch norms
constexpr double kLayerScale = 1e-5;  // where ls1 and ls2 start

}  // namespace

VoltTrainer::VoltTrainer(const VoltConfig& config, const NetworkSettings& settings,
                         const std::string& subject) {
  if (!config.num_classes) {
    throw Error(Fault::kModel, subject, "has no num_classes, which training needs");
  }
  layers_.config = config;
  const BatchNormLayer::Setting norm{
      .eps = kNormEps, .momentum = settings.norm_momentum, .activation = Activation::kGelu};
  const std::size_t c = config.embed_dim;
  const std::size_t up = config.up_mlp_dim;
  layers_.tokenizer =
      DenseLayer(parameters_, {"tokenizer.proj", 0}, config.slots() * config.in_channels, c);
  const std::optional<double> scale =
      config.layer_scale ? std::optional(kLayerScale) : std::nullopt;
  for (std::size_t i = 0; i < config.depth; ++i) {
    layers_.blocks.emplace_back(parameters_, LayerScope{"blocks." + std::to_string(i), i + 1},
                                VoltBlock::Shape{.channels = c,
                                                 .heads = config.num_heads,
                                                 .mlp_ratio = config.mlp_ratio,
                                                 .qk_norm = config.qk_norm,
                                                 .layer_scale = scale});
    const double share =
        config.depth < 2 ? 0.0 : static_cast<double>(i) / static_cast<double>(config.depth - 1);
    layers_.drop_rates.push_back(settings.drop_path * share);
  }
  const std::size_t depth = config.depth + 1;
  layers_.pre_norm = BatchNormLayer(parameters_, {"decoder.pre.0", depth}, c, norm);
  layers_.pre =
      NormedLayer(parameters_, {"decoder.pre.2", depth}, "decoder.pre.3", {c, up, norm, false});
  layers_.unembed =
      DenseLayer(parameters_, {"decoder.unembed.proj", depth}, up, config.slots() * up, false);
  layers_.unembed_bias = &parameters_.declare(
      Parameter{.name = "decoder.unembed.bias", .shape = {up}, .depth = depth});
  layers_.post_norm = BatchNormLayer(parameters_, {"decoder.post.0", depth}, up, norm);
  layers_.head = DenseLayer(parameters_, {"seg_heads." + config.condition, depth + 1, true}, up,
                            *config.num_classes);
  if (settings.precision == Precision::kBf16) {
    parameters_.round_products([](const std::string& name) { return name.starts_with("blocks."); });
  }
  parameters_.allocate();
  parameters_.initialize(settings.seed);
}

void VoltTrainer::step(const PointInput& input, const StepSeed& seed, const LogitsLoss& loss) {
  ScratchMemory scratch;
  scratch.reserve(bytes_planned(input.positions.rows));
  layers_.pack(scratch);
  const VoltScene tokens = volt_scene(layers_.config, input, scratch);
  VoltPass pass(layers_, tokens, norms_frozen_ ? NormStatistics::kRunning : NormStatistics::kOfStep,
                splitmix64_mix(seed.seed ^ splitmix64_mix(seed.step + 1)), true, scratch);
  const MatrixView d_logits = pass.forward(input.features, loss);
  pass.backward(d_logits, head_only_);
}

Matrix VoltTrainer::scores(const PointInput& input) {
  Matrix scores;
  ScratchMemory scratch;
  layers_.pack(scratch);
  const VoltScene tokens = volt_scene(layers_.config, input, scratch);
  VoltPass pass(layers_, tokens, NormStatistics::kRunning, 0, false, scratch);
  (void)pass.forward(input.features, [&](MatrixView logits, MutableMatrixView /*d_logits*/) {
    scores = clone(logits);
  });
  return scores;
}

std::size_t VoltTrainer::bytes_planned(std::size_t rows) const {
  // Tokens: one for eight voxels at most, as measured for surfaces. Each keeps its slots, what the
  // blocks keep and derivatives of that size once.
  const VoltConfig& c = layers_.config;
  const double tokens = static_cast<double>(rows) / 8.0;
  const auto dim = static_cast<double>(c.embed_dim);
  const double block = dim * (12.0 + c.mlp_ratio);
  const double per_token = static_cast<double>(layers_.tokenizer.in()) +
                           static_cast<double>(c.depth) * block + 8.0 * dim +
                           static_cast<double>(layers_.unembed.out());
  const double per_voxel = 4.0 * static_cast<double>(c.up_mlp_dim) + 16.0;
  const double packed = 2.0 * static_cast<double>(parameters_.values().size());
  return static_cast<std::size_t>(
      4.0 * (tokens * per_token + static_cast<double>(rows) * per_voxel + packed));
}

std::unique_ptr<TrainableNetwork> make_volt_trainer(const ArchitectureConfig& config,
                                                    const NetworkSettings& settings) {
  return std::make_unique<VoltTrainer>(read_volt_config(config.hyper_parameters, config.subject),
                                       settings, config.subject);
}

}  // namespace ptattn::train
