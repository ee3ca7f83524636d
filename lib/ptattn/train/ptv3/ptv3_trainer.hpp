#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "ptattn/models/ptv3/config.hpp"
#include "ptattn/models/registry.hpp"
#include "ptattn/train/ptv3/ptv3_layers.hpp"
#include "ptattn/train/trainable_network.hpp"

namespace ptattn::train {

/// Point Transformer V3, mode m1 (Wu et al. 2024), that learns to label voxels; what it computes is
/// what ptattn::Ptv3 computes. Stochastic depth as in the public code: rates grow linearly over the
/// blocks of the encoder, and over those of the decoder from the finest stage to the coarsest.
class Ptv3Trainer final : public TrainableNetwork {
 public:
  /// @throws Error(Fault::kModel) when the configuration has no classes or something that is not
  ///         supported in training (post-norm, layer scale, encoder mode)
  Ptv3Trainer(Ptv3Config config, const NetworkSettings& settings, const std::string& subject);

  [[nodiscard]] std::size_t in_channels() const override { return layers_.config.in_channels; }
  [[nodiscard]] std::size_t class_count() const override { return *layers_.config.num_classes; }
  [[nodiscard]] bool labels_points() const override { return true; }
  [[nodiscard]] bool needs_grid() const override { return true; }
  void step(const PointInput& input, const StepSeed& seed, const LogitsLoss& loss) override;
  [[nodiscard]] Matrix scores(const PointInput& input) override;
  [[nodiscard]] std::size_t bytes_planned(std::size_t rows) const override;

 private:
  void declare_encoder(std::size_t s, std::size_t& depth);
  void declare_decoder(std::size_t s, std::size_t& depth);
  [[nodiscard]] std::vector<PatchBlock> declare_blocks(const std::string& name,
                                                       const Ptv3Config::Stage& stage,
                                                       std::size_t& depth);
  void set_drop_rates(double last);

  Ptv3Layers layers_;
};

/// @throws Error(Fault::kModel)
[[nodiscard]] std::unique_ptr<TrainableNetwork> make_ptv3_trainer(const ArchitectureConfig& config,
                                                                  const NetworkSettings& settings);

}  // namespace ptattn::train
