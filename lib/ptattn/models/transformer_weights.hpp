#pragma once

#include <cstddef>

#include "ptattn/models/files/weights.hpp"
#include "ptattn/nn/kernels/activation.hpp"
#include "ptattn/nn/transformer/norm_order.hpp"
#include "ptattn/nn/transformer/transformer.hpp"

namespace ptattn {

/// Holds hyper-parameters of an encoder-decoder Transformer; the defaults are those of
/// torch.nn.Transformer.
struct TransformerConfig {
  std::size_t channels = 512;  ///< d_model
  std::size_t heads = 8;
  std::size_t encoder_layers = 6;
  std::size_t decoder_layers = 6;
  std::size_t hidden = 2048;  ///< dim_feedforward
  Activation activation = Activation::kRelu;
  NormOrder order = NormOrder::kPost;
  double norm_eps = 1e-5;
};

/// Returns weights under the key names of torch.nn.Transformer:
/// encoder.layers.0.self_attn.in_proj_weight, ..., decoder.norm.bias.
/// @throws Error(Fault::kModel) naming all tensors that are missing, misshapen, not finite or left
///         over; Error(Fault::kUsage) when the heads do not divide the channels
[[nodiscard]] Transformer read_transformer_weights(const TransformerConfig& config,
                                                   const WeightSource& source);

}  // namespace ptattn
