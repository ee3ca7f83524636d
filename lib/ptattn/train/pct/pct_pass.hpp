#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/models/point_network.hpp"
#include "ptattn/train/pct/pct_trainer.hpp"

namespace ptattn::train {

/// Represents one forward and one backward pass of PCT. Everything lies in the scratch memory it is
/// given.
class PctPass {
 public:
  /// @param layers  packed
  /// @param key     of the random numbers of dropout
  /// @param drops   false: nothing is dropped
  PctPass(const PctLayers& layers, NormStatistics statistics, std::uint64_t key, bool drops,
          ScratchMemory& scratch)
      : layers_(layers),
        statistics_(statistics),
        key_(key),
        dropout_(drops ? layers.dropout : 0.0),
        scratch_(scratch) {}

  /// @return  [clouds, classes] what the loss wrote
  /// @throws Error(Fault::kUsage) when a cloud has too few points
  [[nodiscard]] MatrixView forward(const PointInput& input, const LogitsLoss& loss);
  void backward(MatrixView d_logits, bool head_only);

 private:
  struct Level {
    MatrixView positions;               ///< [n, 3]
    std::span<const std::size_t> ends;  ///< of the clouds
    MatrixView features;                ///< [n, c]
  };

  [[nodiscard]] Level read(const PointInput& input);
  [[nodiscard]] Neighborhoods group(const Level& level, std::size_t stage, Level& sampled);
  [[nodiscard]] MatrixView normed(const NormedLayer& layer, MatrixView x,
                                  NormedLayerRecord& record);
  void attend(const Level& level, MutableMatrixView features);
  [[nodiscard]] MatrixView pool(MatrixView fused, std::span<const std::size_t> ends);
  [[nodiscard]] MatrixView classify(MatrixView pooled);
  [[nodiscard]] MutableMatrixView backward_head(MatrixView d_logits, bool head_only);
  void backward_attention(MutableMatrixView d_features, MutableMatrixView d_grouped);
  void backward_embedding(MutableMatrixView d_grouped);
  [[nodiscard]] MutableMatrixView like(MatrixView x) { return scratch_.matrix(x.rows, x.cols); }

  const PctLayers& layers_;
  NormStatistics statistics_;
  std::uint64_t key_;
  double dropout_;
  ScratchMemory& scratch_;
  NormedLayerRecord conv1_, conv2_, last_conv1_, last_conv2_, fuse_, linear1_, linear2_;
  std::array<NeighborEmbeddingRecord, 2> grouped_;
  std::span<OffsetAttentionRecord> attention_;
  std::span<const std::size_t> ends_;       ///< of the points that attend
  std::span<const std::uint32_t> winners_;  ///< of the maximum over the points of a cloud
  std::span<const std::uint32_t> members_;
  std::span<const std::uint32_t> begins_;
  MatrixView head_input_;
};

}  // namespace ptattn::train
