#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/models/point_network.hpp"
#include "ptattn/train/trainable_network.hpp"
#include "ptattn/train/unet/unet_layers.hpp"
#include "ptattn/train/unet/unet_scene.hpp"

namespace ptattn::train {

/// Says where the random numbers of a pass come from.
struct StepKey {
  std::uint64_t key;
  bool drops;  ///< false: nothing is dropped
};

/// Represents one forward and one backward pass of a network with skip connections. Features and
/// derivatives lie in the scratch memory that it is given.
class UnetPass {
 public:
  /// @param layers  packed
  /// @param scene   of the input
  UnetPass(const UnetLayers& layers, const UnetScene& scene, NormStatistics statistics, StepKey key,
           ScratchMemory& scratch)
      : layers_(layers), scene_(scene), statistics_(statistics), key_(key), scratch_(scratch) {}

  /// @param features  [n, in] in the order of the input
  /// @return          [n, classes] what the loss wrote, in that order
  [[nodiscard]] MutableMatrixView forward(MatrixView features, const LogitsLoss& loss);
  /// Adds the derivatives of all parameters, or of the head's, to the gradients.
  void backward(MatrixView d_logits, bool head_only);

 private:
  struct EncoderRecord {
    MatrixView input;                        ///< of `down`, or of the stem
    BatchNormRecord norm;                    ///< behind it
    std::span<const std::uint32_t> winners;  ///< of the maximum
    std::span<UnetBlockRecord> blocks;
    MatrixView features;  ///< [n, c] of the last block
    MutableMatrixView d_features;
  };
  struct DecoderRecord {
    NormedLayerRecord up;
    NormedLayerRecord skip;
    std::span<UnetBlockRecord> blocks;
    MatrixView features;
  };

  [[nodiscard]] MatrixView embed(MatrixView features);
  [[nodiscard]] MatrixView pool(std::size_t s);
  void decode(std::size_t s);
  [[nodiscard]] MatrixView forward_blocks(std::span<const UnetBlock> blocks, std::size_t s,
                                          bool encoder, MatrixView conv_input, MatrixView x,
                                          std::span<UnetBlockRecord> records);
  /// @param d  [n, c] derivatives of the last block's result, replaced by those of the first
  ///           block's input but for its convolution's, which are written to `d_conv`
  void backward_blocks(std::span<const UnetBlock> blocks, std::size_t s, bool encoder,
                       std::span<const UnetBlockRecord> records, MutableMatrixView d,
                       MutableMatrixView d_conv);
  [[nodiscard]] UnetBlockInput block_input(std::size_t s, std::size_t i, bool encoder) const;
  [[nodiscard]] MutableMatrixView backward_decoder(std::size_t s, MutableMatrixView d);
  void backward_encoder(std::size_t s, MutableMatrixView d);

  const UnetLayers& layers_;
  const UnetScene& scene_;
  NormStatistics statistics_;
  StepKey key_;
  ScratchMemory& scratch_;
  std::span<EncoderRecord> encoder_;
  std::span<DecoderRecord> decoder_;
  MatrixView top_;  ///< [n, c] what the head sees
};

}  // namespace ptattn::train
