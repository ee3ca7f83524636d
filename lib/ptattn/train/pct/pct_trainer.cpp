#include "ptattn/train/pct/pct_trainer.hpp"

#include <algorithm>

#include "ptattn/core/clone.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/train/pct/pct_pass.hpp"

namespace ptattn::train {

namespace {

/// Whether inference in bfloat16 has the layer of this parameter in it.
bool is_large_layer(const std::string& name) {
  const bool scores = name.find(".k_conv") != std::string::npos;
  return !scores && (name.starts_with("gather_local") || name.starts_with("pt_last.") ||
                     name.starts_with("conv_fuse"));
}

void check_supported(const PctConfig& config, const std::string& subject) {
  if (!config.position_encoding) return;
  throw Error(Fault::kModel, subject,
              "has an encoding of positions, which is not supported in training");
}

}  // namespace

PctTrainer::PctTrainer(const PctConfig& config, const NetworkSettings& settings,
                       const std::string& subject) {
  check_supported(config, subject);
  layers_.config = config;
  layers_.dropout = settings.dropout;
  const BatchNormLayer::Setting relu{
      .eps = config.norm_eps, .momentum = settings.norm_momentum, .activation = Activation::kRelu};
  BatchNormLayer::Setting leaky = relu;
  leaky.activation = Activation::kLeakyRelu;
  const auto convolution = [&](const std::string& name, const std::string& norm, std::size_t depth,
                               std::size_t in, std::size_t out) {
    return NormedLayer(parameters_, {name, depth, false, true}, norm, {in, out, relu, false});
  };
  const std::size_t embed = config.embed_channels;
  const auto& [first, second] = config.groups;
  const std::size_t c = second.channels;
  layers_.conv1 = convolution("conv1", "bn1", 0, 3, embed);
  layers_.conv2 = convolution("conv2", "bn2", 1, embed, embed);
  layers_.gather_local[0] =
      NeighborEmbedding(parameters_, {"gather_local_0", 2}, embed, first.channels, relu);
  layers_.gather_local[1] =
      NeighborEmbedding(parameters_, {"gather_local_1", 3}, first.channels, c, relu);
  layers_.last_conv1 = convolution("pt_last.conv1", "pt_last.bn1", 4, c, c);
  layers_.last_conv2 = convolution("pt_last.conv2", "pt_last.bn2", 5, c, c);
  std::size_t depth = 6;
  for (std::size_t i = 1; i <= config.attention_layers; ++i) {
    layers_.attention.emplace_back(parameters_,
                                   LayerScope{"pt_last.sa" + std::to_string(i), depth++}, c,
                                   config.qk_channels, relu);
  }
  const std::size_t fuse = config.fuse_channels;
  const auto& [head1, head2] = config.head_channels;
  layers_.fuse = NormedLayer(parameters_, {"conv_fuse.0", depth, false, true}, "conv_fuse.1",
                             {c * (config.attention_layers + 1), fuse, leaky, false});
  layers_.linear1 =
      NormedLayer(parameters_, {"linear1", depth + 1}, "bn6", {fuse, head1, leaky, false});
  layers_.linear2 = NormedLayer(parameters_, {"linear2", depth + 2}, "bn7", {head1, head2, leaky});
  layers_.linear3 =
      DenseLayer(parameters_, {"linear3", depth + 3, true}, head2, config.num_classes);
  if (settings.precision == Precision::kBf16) parameters_.round_products(is_large_layer);
  parameters_.allocate();
  parameters_.initialize(settings.seed);
}

void PctTrainer::step(const PointInput& input, const StepSeed& seed, const LogitsLoss& loss) {
  ScratchMemory scratch;
  scratch.reserve(bytes_planned(input.positions.rows));
  layers_.pack(scratch);
  PctPass pass(layers_, norms_frozen_ ? NormStatistics::kRunning : NormStatistics::kOfStep,
               splitmix64_mix(seed.seed ^ splitmix64_mix(seed.step + 1)), true, scratch);
  const MatrixView d_logits = pass.forward(input, loss);
  pass.backward(d_logits, head_only_);
}

Matrix PctTrainer::scores(const PointInput& input) {
  Matrix scores;
  ScratchMemory scratch;
  layers_.pack(scratch);
  PctPass pass(layers_, NormStatistics::kRunning, 0, false, scratch);
  (void)pass.forward(
      input, [&](MatrixView logits, MutableMatrixView /*d_logits*/) { scores = clone(logits); });
  return scores;
}

std::size_t PctTrainer::bytes_planned(std::size_t rows) const {
  // Clouds of 1,024 points each. Of a grouping: two products of every neighbour and, for the larger
  // one, two derivatives; of the points that attend, what four layers and the fusion keep.
  const PctConfig& c = layers_.config;
  const double clouds = static_cast<double>(rows) / 1024.0;
  const auto grouped = [](const PctConfig::Group& g) {
    return static_cast<double>(g.points * g.neighbors * g.channels);
  };
  const double largest = std::max(grouped(c.groups[0]), grouped(c.groups[1]));
  const auto points = static_cast<double>(c.groups[1].points);
  const auto channels = static_cast<double>(c.groups[1].channels);
  const auto layers = static_cast<double>(c.attention_layers);
  const double attention =
      layers * points * (6.0 * channels + points) +
      points * (3.0 * static_cast<double>(c.fuse_channels) + 4.0 * channels * (layers + 1.0));
  const double embedding = 8.0 * 1024.0 * static_cast<double>(c.embed_channels);
  const double floats =
      2.0 * (grouped(c.groups[0]) + grouped(c.groups[1])) + 2.0 * largest + attention + embedding;
  const double packed = 2.0 * static_cast<double>(parameters_.values().size());
  return static_cast<std::size_t>(4.0 * (clouds * floats + packed));
}

std::unique_ptr<TrainableNetwork> make_pct_trainer(const ArchitectureConfig& config,
                                                   const NetworkSettings& settings) {
  return std::make_unique<PctTrainer>(
      read_pct_config(config.hyper_parameters, false, config.subject), settings, config.subject);
}

}  // namespace ptattn::train
