#include "ptattn/nn/transformer/encoder.hpp"

#include "ptattn/core/clone.hpp"
#include "ptattn/nn/transformer/sublayer.hpp"

namespace ptattn {

void encoder_layer(const EncoderLayer& w, NormOrder order, const AttentionScores& scores,
                   MutableMatrixView x) {
  residual_step(order, w.attention_norm, x, [&](MatrixView h) {
    return multi_head_attention(w.self_attention, h, h, h, scores);
  });
  residual_step(order, w.feed_forward_norm, x,
                [&](MatrixView h) { return feed_forward(w.feed_forward, h); });
}

Matrix encode(const Encoder& w, MatrixView x, const AttentionScores& scores) {
  Matrix out = clone(x);
  for (const EncoderLayer& layer : w.layers) encoder_layer(layer, w.order, scores, out);
  if (w.norm) layer_norm(*w.norm, out, out);
  return out;
}

}  // namespace ptattn
