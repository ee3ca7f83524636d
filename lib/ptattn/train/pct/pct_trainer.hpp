#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "ptattn/models/pct/config.hpp"
#include "ptattn/models/registry.hpp"
#include "ptattn/train/layers/dense_layer.hpp"
#include "ptattn/train/layers/neighbor_embedding.hpp"
#include "ptattn/train/layers/normed_layer.hpp"
#include "ptattn/train/layers/offset_attention_layer.hpp"
#include "ptattn/train/trainable_network.hpp"

namespace ptattn::train {

/// Represents the layers of PCT classification under the names of the public implementation.
struct PctLayers {
  PctConfig config;
  NormedLayer conv1;
  NormedLayer conv2;
  std::array<NeighborEmbedding, 2> gather_local;
  NormedLayer last_conv1;
  NormedLayer last_conv2;
  std::vector<OffsetAttentionLayer> attention;
  NormedLayer fuse;
  NormedLayer linear1;
  NormedLayer linear2;
  DenseLayer linear3;
  double dropout = 0.0;

  void pack(ScratchMemory& scratch);
};

/// Holds PCT classification (Guo et al. 2021) that learns; what it computes is what ptattn::Pct
/// computes. Input: positions of clouds, each of at least as many points as the first stage
/// samples. A forward pass keeps the grouped features: some 34 MB a cloud of the published network.
class PctTrainer final : public TrainableNetwork {
 public:
  /// @throws Error(Fault::kModel) for the variant with positions, which is not supported
  PctTrainer(const PctConfig& config, const NetworkSettings& settings, const std::string& subject);

  [[nodiscard]] std::size_t in_channels() const override { return 3; }
  [[nodiscard]] std::size_t class_count() const override { return layers_.config.num_classes; }
  [[nodiscard]] bool labels_points() const override { return false; }
  [[nodiscard]] bool needs_grid() const override { return false; }
  void step(const PointInput& input, const StepSeed& seed, const LogitsLoss& loss) override;
  [[nodiscard]] Matrix scores(const PointInput& input) override;
  [[nodiscard]] std::size_t bytes_planned(std::size_t rows) const override;

 private:
  PctLayers layers_;
};

/// @throws Error(Fault::kModel)
[[nodiscard]] std::unique_ptr<TrainableNetwork> make_pct_trainer(const ArchitectureConfig& config,
                                                                 const NetworkSettings& settings);

}  // namespace ptattn::train
