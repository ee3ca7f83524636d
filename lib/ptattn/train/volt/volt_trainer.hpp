#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "ptattn/models/registry.hpp"
#include "ptattn/models/volt/config.hpp"
#include "ptattn/train/layers/dense_layer.hpp"
#include "ptattn/train/layers/norm_layers.hpp"
#include "ptattn/train/layers/normed_layer.hpp"
#include "ptattn/train/trainable_network.hpp"
#include "ptattn/train/volt/volt_block.hpp"

namespace ptattn::train {

/// Represents the layers of Volt under the names of the public implementation.
struct VoltLayers {
  VoltConfig config;
  DenseLayer tokenizer;
  std::vector<VoltBlock> blocks;
  std::vector<double> drop_rates;  ///< of the blocks
  BatchNormLayer pre_norm;         ///< decoder.pre.0, with GELU
  NormedLayer pre;                 ///< decoder.pre.2 and .3, with GELU
  DenseLayer unembed;              ///< decoder.unembed.proj
  const Parameter* unembed_bias = nullptr;
  BatchNormLayer post_norm;  ///< decoder.post.0, with GELU
  DenseLayer head;

  void pack(ScratchMemory& scratch);
};

/// Represents Volt (Yilmaz et al. 2026) that learns to label voxels; what it computes is what
/// ptattn::Volt computes. Attention is over all tokens of a cloud: time and memory of a step are
/// quadratic in them only where scores are computed, a block of 128 keys at a time.
class VoltTrainer final : public TrainableNetwork {
 public:
  /// @throws Error(Fault::kModel) when the configuration has no classes
  VoltTrainer(const VoltConfig& config, const NetworkSettings& settings,
              const std::string& subject);

  [[nodiscard]] std::size_t in_channels() const override { return layers_.config.in_channels; }
  [[nodiscard]] std::size_t class_count() const override { return layers_.head.out(); }
  [[nodiscard]] bool labels_points() const override { return true; }
  [[nodiscard]] bool needs_grid() const override { return true; }
  void step(const PointInput& input, const StepSeed& seed, const LogitsLoss& loss) override;
  [[nodiscard]] Matrix scores(const PointInput& input) override;
  [[nodiscard]] std::size_t bytes_planned(std::size_t rows) const override;

 private:
  VoltLayers layers_;
};

/// @throws Error(Fault::kModel)
[[nodiscard]] std::unique_ptr<TrainableNetwork> make_volt_trainer(const ArchitectureConfig& config,
                                                                  const NetworkSettings& settings);

}  // namespace ptattn::train
