#pragma once

#include <string>
#include <vector>

#include "ptattn/models/files/weights.hpp"
#include "ptattn/models/volt/config.hpp"
#include "ptattn/nn/batch_norm.hpp"
#include "ptattn/nn/layer_norm.hpp"
#include "ptattn/nn/linear.hpp"
#include "ptattn/nn/sparse_convolution.hpp"

namespace ptattn {

/// Represents one block of c channels; its layers under the names of the public implementation.
/// Inside of each head of queries and keys, the first numbers of all pairs stand before the second
/// ones: their products do not depend on the order, and pairs of halves are turned faster.
struct VoltBlockWeights {
  std::string name;  // "blocks.0"
  LayerNorm norm1;
  Linear qkv;        // [c, 3 c]
  LayerNorm q_norm;  // of 64 channels; without qk_norm empty
  LayerNorm k_norm;
  Linear proj;  // [c, c], scaled by ls1 if there is one
  LayerNorm norm2;
  Linear fc1;  // [c, hidden]
  Linear fc2;  // [hidden, c], scaled by ls2 if there is one
};

struct VoltWeights {
  SparseConvolution tokenizer;  // a slice [in, c] for each slot of a token
  std::vector<VoltBlockWeights> blocks;
  Affine pre_norm;            // c channels, in front of a GELU
  Linear pre;                 // [c, u], the batch norm behind it folded in
  SparseConvolution unembed;  // a slice [u, u] for each slot, the batch norm behind it folded in
  Linear seg_head;            // [u, classes]
};

/// Reads the weights of a network. Parallel over blocks; memory: the weights once, and one tensor a
/// thread.
/// @throws Error(Fault::kModel) naming all tensors that do not fit the configuration
[[nodiscard]] VoltWeights read_volt_weights(const VoltConfig& config, const WeightSource& source);

/// Rounds the weights of the layers of all blocks to bfloat16. Tokenizer, decoder and head stay
/// float32: their inputs are channels such as heights, and what decides.
void round_to_bf16(VoltWeights& weights);

/// Quantises those weights to 8 bits.
void quantize(VoltWeights& weights);

}  // namespace ptattn
