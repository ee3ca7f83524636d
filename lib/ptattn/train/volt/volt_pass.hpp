#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/models/point_network.hpp"
#include "ptattn/train/layers/segment_pooling.hpp"
#include "ptattn/train/volt/volt_trainer.hpp"

namespace ptattn::train {

/// Represents the tokens of the clouds of a step, a view of scratch memory.
struct VoltScene {
  Segments voxels;                       ///< input rows by token
  std::span<const std::uint32_t> token;  ///< [n] of each input row
  std::span<const std::uint32_t> slot;   ///< [n] of each input row in its token
  PatchOrder clouds;                     ///< every cloud is one patch of all its tokens
  MatrixView rotation;                   ///< [t, 64] sine and cosine of each pair's angle

  [[nodiscard]] std::size_t size() const { return voxels.size(); }
};

/// @throws Error(Fault::kUsage) when shapes do not fit, a cell is negative, or `ends` do not ascend
///         to n
[[nodiscard]] VoltScene volt_scene(const VoltConfig& config, const PointInput& input,
                                   ScratchMemory& scratch);

/// Represents one forward and one backward pass of Volt. Everything lies in the scratch memory it
/// is given.
class VoltPass {
 public:
  /// @param layers  packed
  /// @param key     of the random numbers of stochastic depth
  /// @param drops   false: nothing is dropped
  VoltPass(const VoltLayers& layers, const VoltScene& tokens, NormStatistics statistics,
           std::uint64_t key, bool drops, ScratchMemory& scratch)
      : layers_(layers),
        tokens_(tokens),
        statistics_(statistics),
        key_(key),
        drops_(drops),
        scratch_(scratch) {}

  /// @param features  [n, in]
  /// @return          [n, classes] what the loss wrote
  [[nodiscard]] MatrixView forward(MatrixView features, const LogitsLoss& loss);
  void backward(MatrixView d_logits, bool head_only);

 private:
  [[nodiscard]] VoltBlockInput block_input(std::size_t i) const;
  [[nodiscard]] MatrixView tokenize(MatrixView features);
  [[nodiscard]] MatrixView unembed(MatrixView x);
  [[nodiscard]] MutableMatrixView backward_unembed(MatrixView d_voxels);
  [[nodiscard]] MutableMatrixView like(MatrixView x) { return scratch_.matrix(x.rows, x.cols); }

  const VoltLayers& layers_;
  const VoltScene& tokens_;
  NormStatistics statistics_;
  std::uint64_t key_;
  bool drops_;
  ScratchMemory& scratch_;
  MatrixView slots_;  ///< [t, K^3 in] what the tokenizer sees
  std::span<VoltBlockRecord> blocks_;
  BatchNormRecord pre_norm_;
  NormedLayerRecord pre_;
  MatrixView compact_;  ///< [t, u] what is unembedded
  BatchNormRecord post_norm_;
  MatrixView top_;  ///< [n, u] what the head sees
};

}  // namespace ptattn::train
