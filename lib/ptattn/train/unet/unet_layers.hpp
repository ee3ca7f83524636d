#pragma once

#include <vector>

#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/train/layers/convolution_layer.hpp"
#include "ptattn/train/layers/dense_layer.hpp"
#include "ptattn/train/layers/norm_layers.hpp"
#include "ptattn/train/layers/normed_layer.hpp"
#include "ptattn/train/unet/unet_block.hpp"

namespace ptattn::train {

/// Represents the layers of an encoder and a decoder over voxels with skip connections: Point
/// Transformer V3, mode m1, and LitePT, under the names of their public implementations.
struct UnetLayers {
  struct EncoderStage {
    DenseLayer down;      ///< down.proj; absent from the first stage, like its norm
    BatchNormLayer norm;  ///< down.norm.0, with GELU
    std::vector<UnetBlock> blocks;
    std::vector<double> drop_rates;  ///< of the blocks
  };
  struct DecoderStage {
    NormedLayer proj;       ///< up.proj, with GELU
    NormedLayer proj_skip;  ///< up.proj_skip, with GELU
    std::vector<UnetBlock> blocks;
    std::vector<double> drop_rates;  ///< of the blocks
  };

  ConvolutionLayer stem;
  BatchNormLayer stem_norm;
  std::vector<EncoderStage> encoder;
  std::vector<DecoderStage> decoder;  ///< finest first
  DenseLayer head;
  /// True: the first convolution of a decoder stage sees the skip connection alone, not the sum
  /// with what comes from the coarser stage.
  bool conv_sees_skip_alone = true;

  /// Copies all weights into the order of the matrix products, in memory of `scratch`.
  void pack(ScratchMemory& scratch);
  /// Stochastic depth as in the public code: rates grow linearly from 0 to `last` over the blocks
  /// of the encoder, and over those of the decoder from the finest stage to the coarsest.
  void set_drop_rates(double last);
};

}  // namespace ptattn::train
