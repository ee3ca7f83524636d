#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ptattn/models/files/weights.hpp"
#include "ptattn/models/ptv3/config.hpp"
#include "ptattn/nn/batch_norm.hpp"
#include "ptattn/nn/encoding/relative_encoding.hpp"
#include "ptattn/nn/layer_norm.hpp"
#include "ptattn/nn/linear.hpp"
#include "ptattn/nn/sparse_convolution.hpp"

namespace ptattn {

/// Represents one block of c channels; its layers under the names of the public implementation.
struct Ptv3BlockWeights {
  std::string name;        // "enc.enc0.block0"
  SparseConvolution cpe0;  // c -> c, 3^3 offsets
  Linear cpe1;             // [c, c]
  LayerNorm cpe2;
  LayerNorm norm0;  // of blocks without convolution, in its place; what is absent is empty
  LayerNorm norm1;
  Linear qkv;         // [c, 3 c]
  RelativeTable rpe;  // no heads: absent
  Linear proj;        // [c, c], scaled by ls1 if there is one
  LayerNorm norm2;
  Linear fc1;  // [c, ratio c]
  Linear fc2;  // [ratio c, c], scaled by ls2 if there is one
};

/// Holds what follows a layer between two stages: a batch norm that is not folded into it, a layer
/// norm or, where both are empty, nothing.
struct Ptv3Norm {
  Affine batch;
  LayerNorm layer;
};

/// Holds an encoder stage; `down` and its norm are absent from the first.
struct Ptv3EncoderWeights {
  Linear down;  // [c of the stage before, c]
  Ptv3Norm down_norm;
  std::vector<Ptv3BlockWeights> blocks;
};

/// Holds a decoder stage; batch norms are folded in.
struct Ptv3DecoderWeights {
  Linear proj;  // [c of the coarser stage, c]
  Ptv3Norm proj_norm;
  Linear proj_skip;  // [c of the encoder's stage, c]
  Ptv3Norm skip_norm;
  std::vector<Ptv3BlockWeights> blocks;
};

struct Ptv3Weights {
  Linear stem;  // m1: [125 in, c], batch norm folded in; else [in, c]
  Ptv3Norm stem_norm;
  std::vector<Ptv3EncoderWeights> encoder;
  std::vector<Ptv3DecoderWeights> decoder;  // finest first
  Linear seg_head;                          // [c, classes]; empty: the network gives features
};

/// @throws Error(Fault::kModel) naming all tensors that do not fit the configuration
/// A layer that scales is folded into the one before it. Parallel over blocks.
/// Memory: the weights once, and one tensor a thread.
[[nodiscard]] Ptv3Weights read_ptv3_weights(const Ptv3Config& config, const WeightSource& source);

/// Rounds the weights of all convolutions and layers of blocks, and of the layers between stages,
/// to bfloat16. Stem and head stay float32: their inputs are channels such as heights, and what
/// decides.
void round_to_bf16(Ptv3Weights& weights);

/// Quantises those weights to 8 bits. A weight table with relative positions, norms, stem and head
/// stay float32.
void quantize(Ptv3Weights& weights);

}  // namespace ptattn
