#pragma once

#include <vector>

#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/models/ptv3/config.hpp"
#include "ptattn/train/layers/convolution_layer.hpp"
#include "ptattn/train/layers/dense_layer.hpp"
#include "ptattn/train/layers/norm_layers.hpp"
#include "ptattn/train/ptv3/patch_block.hpp"

namespace ptattn::train {

/// The layers of Point Transformer V3, mode m1, under the names of the public implementation.
struct Ptv3Layers {
  struct EncoderStage {
    DenseLayer down;      ///< down.proj; absent from the first stage, like its norm
    BatchNormLayer norm;  ///< down.norm.0, with GELU
    std::vector<PatchBlock> blocks;
    std::vector<double> drop_rates;  ///< of the blocks
  };
  struct DecoderStage {
    DenseLayer proj;           ///< up.proj.0
    BatchNormLayer proj_norm;  ///< up.proj.1, with GELU
    DenseLayer proj_skip;      ///< up.proj_skip.0
    BatchNormLayer skip_norm;  ///< up.proj_skip.1, with GELU
    std::vector<PatchBlock> blocks;
    std::vector<double> drop_rates;  ///< of the blocks
  };

  Ptv3Config config;
  BatchNormLayer::Setting norm;  ///< of all batch norms
  ConvolutionLayer stem;
  BatchNormLayer stem_norm;
  std::vector<EncoderStage> encoder;
  std::vector<DecoderStage> decoder;  ///< finest first
  DenseLayer head;

  /// Copies all weights into the order of the matrix products, in memory of `scratch`.
  void pack(ScratchMemory& scratch);
};

}  // namespace ptattn::train
