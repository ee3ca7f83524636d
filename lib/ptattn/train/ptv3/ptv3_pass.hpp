#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/models/point_network.hpp"
#include "ptattn/train/ptv3/ptv3_layers.hpp"
#include "ptattn/train/ptv3/ptv3_scene.hpp"
#include "ptattn/train/trainable_network.hpp"

namespace ptattn::train {

/// Where the random numbers of a pass come from.
struct StepKey {
  std::uint64_t key;
  bool drops;  ///< false: nothing is dropped
};

/// One forward and one backward pass of Point Transformer V3. Lists, features and derivatives lie
/// in the scratch memory that it is given.
class Ptv3Pass {
 public:
  /// @param layers  packed
  Ptv3Pass(const Ptv3Layers& layers, NormStatistics statistics, StepKey key, ScratchMemory& scratch)
      : layers_(layers), statistics_(statistics), key_(key), scratch_(scratch) {}

  /// @return  [n, classes] what the loss wrote, in the order of the input
  [[nodiscard]] MutableMatrixView forward(const PointInput& input, const LogitsLoss& loss);
  /// Adds the derivatives of all parameters, or of the head's, to the gradients.
  void backward(MatrixView d_logits, bool head_only);

 private:
  /// What a batch norm behind a layer, or behind pooling, leaves for the backward pass.
  struct NormedLayer {
    MatrixView input;  ///< of the layer
    BatchNormRecord norm;
    MutableMatrixView output;
  };
  struct EncoderRecord {
    NormedLayer down;                        ///< of the first stage: the stem
    std::span<const std::uint32_t> winners;  ///< of the maximum
    std::span<PatchBlockRecord> blocks;
    MatrixView features;  ///< [n, c] of the last block
    MutableMatrixView d_features;
  };
  struct DecoderRecord {
    NormedLayer up;
    NormedLayer skip;
    std::span<PatchBlockRecord> blocks;
    MatrixView features;
  };

  void embed(const PointInput& input);
  void encode(std::size_t s);
  void decode(std::size_t s);
  [[nodiscard]] NormedLayer normed(const DenseLayer& layer, const BatchNormLayer& norm,
                                   MatrixView x);
  [[nodiscard]] MatrixView forward_blocks(std::span<const PatchBlock> blocks, std::size_t s,
                                          bool encoder, MatrixView conv_input, MatrixView x,
                                          std::span<PatchBlockRecord> records);
  /// @param d  [n, c] derivatives of the last block's result, replaced by those of the first
  ///           block's input but for its convolution's, which are written to `d_conv`
  void backward_blocks(std::span<const PatchBlock> blocks, std::size_t s, bool encoder,
                       std::span<const PatchBlockRecord> records, MutableMatrixView d,
                       MutableMatrixView d_conv);
  [[nodiscard]] PatchBlockInput block_input(std::size_t s, std::size_t i, bool encoder) const;
  [[nodiscard]] MutableMatrixView backward_decoder(std::size_t s, MutableMatrixView d);
  void backward_encoder(std::size_t s, MutableMatrixView d);

  const Ptv3Layers& layers_;
  NormStatistics statistics_;
  StepKey key_;
  ScratchMemory& scratch_;
  Ptv3Scene scene_;
  std::span<EncoderRecord> encoder_;
  std::span<DecoderRecord> decoder_;
  MatrixView top_;  ///< [n, c] what the head sees
};

}  // namespace ptattn::train
