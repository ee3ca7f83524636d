#pragma once

#include <memory>
#include <string>

#include "ptattn/models/ptv3/config.hpp"
#include "ptattn/models/registry.hpp"
#include "ptattn/train/trainable_network.hpp"
#include "ptattn/train/unet/unet_trainer.hpp"

namespace ptattn::train {

/// Holds Point Transformer V3, mode m1 (Wu et al. 2024), or LitePT (Yue et al. 2026) that learns to
/// label voxels; what it computes is what ptattn::Ptv3 computes, with the same levels, orders and
/// patches.
class Ptv3Trainer final : public UnetTrainer {
 public:
  /// @throws Error(Fault::kModel) when the configuration has no classes or something that is not
  ///         supported in training (post-norm, layer scale, encoder mode)
  Ptv3Trainer(const Ptv3Config& config, const NetworkSettings& settings,
              const std::string& subject);

 private:
  [[nodiscard]] UnetScene scene_of(const PointInput& input, ScratchMemory& scratch) const override;

  Ptv3Config config_;
};

/// @throws Error(Fault::kModel)
[[nodiscard]] std::unique_ptr<TrainableNetwork> make_ptv3_trainer(const ArchitectureConfig& config,
                                                                  const NetworkSettings& settings);

/// @throws Error(Fault::kModel)
[[nodiscard]] std::unique_ptr<TrainableNetwork> make_litept_trainer(
    const ArchitectureConfig& config, const NetworkSettings& settings);

}  // namespace ptattn::train
