#include "ptattn/nn/transformer/decoder.hpp"

#include <string>
#include <utility>

#include "ptattn/core/clone.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/nn/transformer/sublayer.hpp"

namespace ptattn {
namespace {

/// The steps of a layer; where the keys and values of its attentions come from is the callers'
/// business.
template <class SelfAttention, class MemoryAttention>
void run_layer(const DecoderLayer& w, NormOrder order, MutableMatrixView x,
               const SelfAttention& self_attention, const MemoryAttention& memory_attention) {
  residual_step(order, w.self_norm, x, self_attention);
  residual_step(order, w.memory_norm, x, memory_attention);
  residual_step(order, w.feed_forward_norm, x,
                [&](MatrixView h) { return feed_forward(w.feed_forward, h); });
}

}  // namespace

void decoder_layer(const DecoderLayer& w, NormOrder order, MatrixView memory,
                   const DecoderScores& scores, MutableMatrixView x) {
  run_layer(
      w, order, x,
      [&](MatrixView h) { return multi_head_attention(w.self_attention, h, h, h, scores.self); },
      [&](MatrixView h) {
        return multi_head_attention(w.memory_attention, h, memory, memory, scores.memory);
      });
}

Matrix decode(const Decoder& w, MatrixView x, MatrixView memory, const DecoderScores& scores) {
  Matrix out = clone(x);
  for (const DecoderLayer& layer : w.layers) decoder_layer(layer, w.order, memory, scores, out);
  if (w.norm) layer_norm(*w.norm, out, out);
  return out;
}

StepDecoder::StepDecoder(const Decoder& w, MatrixView memory, std::vector<float> memory_key_bias)
    : w_(w), memory_key_bias_(std::move(memory_key_bias)), caches_(w.layers.size()) {
  if (!memory_key_bias_.empty() && memory_key_bias_.size() != memory.rows) {
    throw Error(Fault::kUsage, "step-by-step decoding",
                "the key bias has " + std::to_string(memory_key_bias_.size()) +
                    " values, expected one for each of " + std::to_string(memory.rows) + " rows");
  }
  for (std::size_t i = 0; i < caches_.size(); ++i) {
    append_keys_values(w.layers[i].memory_attention, memory, memory, caches_[i].memory);
  }
}

Matrix StepDecoder::next(MatrixView x) {
  AttentionScores self_scores;
  self_scores.causal = true;
  AttentionScores memory_scores;
  memory_scores.key_bias = memory_key_bias_;
  Matrix out = clone(x);
  for (std::size_t i = 0; i < caches_.size(); ++i) {
    const DecoderLayer& layer = w_.layers[i];
    LayerCache& cache = caches_[i];
    run_layer(
        layer, w_.order, out,
        [&](MatrixView h) {
          append_keys_values(layer.self_attention, h, h, cache.self);
          return multi_head_attention(layer.self_attention, h, cache.self, self_scores);
        },
        [&](MatrixView h) {
          return multi_head_attention(layer.memory_attention, h, cache.memory, memory_scores);
        });
  }
  if (w_.norm) layer_norm(*w_.norm, out, out);
  return out;
}

}  // namespace ptattn
