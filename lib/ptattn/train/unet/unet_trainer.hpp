#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ptattn/train/trainable_network.hpp"
#include "ptattn/train/unet/unet_layers.hpp"
#include "ptattn/train/unet/unet_scene.hpp"

namespace ptattn::train {

/// Holds what one side of a stage looks like: the encoder's or the decoder's.
struct UnetStageShape {
  std::size_t depth;       ///< blocks
  UnetBlock::Shape block;  ///< of every block
};

/// Represents the hyper-parameters that the layers depend on.
struct UnetShape {
  std::size_t in_channels;
  std::size_t classes;
  double norm_eps;  ///< of batch norms
  std::vector<UnetStageShape> encoder;
  std::vector<UnetStageShape> decoder;  ///< finest first
  bool conv_sees_skip_alone;
};

/// Represents a network over voxels with skip connections that learns to label them. What derives
/// from this says where the voxels' patches and neighbours come from.
class UnetTrainer : public TrainableNetwork {
 public:
  [[nodiscard]] std::size_t in_channels() const override { return shape_.in_channels; }
  [[nodiscard]] std::size_t class_count() const override { return shape_.classes; }
  [[nodiscard]] bool labels_points() const override { return true; }
  [[nodiscard]] bool needs_grid() const override { return true; }
  void step(const PointInput& input, const StepSeed& seed, const LogitsLoss& loss) override;
  [[nodiscard]] Matrix scores(const PointInput& input) override;
  [[nodiscard]] std::size_t bytes_planned(std::size_t rows) const override;

 protected:
  UnetTrainer(UnetShape shape, const NetworkSettings& settings);

  /// @throws Error(Fault::kUsage) when the input is not as the network expects it
  [[nodiscard]] virtual UnetScene scene_of(const PointInput& input,
                                           ScratchMemory& scratch) const = 0;

 private:
  void declare_encoder(std::size_t s, const BatchNormLayer::Setting& norm, std::size_t& depth);
  void declare_decoder(std::size_t s, const BatchNormLayer::Setting& norm, std::size_t& depth);
  [[nodiscard]] std::vector<UnetBlock> declare_blocks(const std::string& name,
                                                      const UnetStageShape& stage,
                                                      std::size_t& depth);

  UnetShape shape_;
  UnetLayers layers_;
};

}  // namespace ptattn::train
