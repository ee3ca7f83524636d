#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/attention/key_value_cache.hpp"
#include "ptattn/nn/attention/multi_head_attention.hpp"
#include "ptattn/nn/layer_norm.hpp"
#include "ptattn/nn/transformer/feed_forward.hpp"
#include "ptattn/nn/transformer/norm_order.hpp"

namespace ptattn {

/// Holds weights of one decoder layer. Behind each member: its name in
/// torch.nn.TransformerDecoderLayer.
struct DecoderLayer {
  MultiHeadAttention self_attention;    // self_attn, c channels
  LayerNorm self_norm;                  // norm1, [c]
  MultiHeadAttention memory_attention;  // multihead_attn: queries of c, memory of c' channels
  LayerNorm memory_norm;                // norm2, [c]
  FeedForward feed_forward;             // linear1, linear2
  LayerNorm feed_forward_norm;          // norm3, [c]
};

/// Holds weights of a stack of decoder layers.
struct Decoder {
  std::vector<DecoderLayer> layers;
  std::optional<LayerNorm> norm;  ///< of the result; pre-norm stacks need one
  NormOrder order = NormOrder::kPost;
};

/// Holds masks of both attentions; `self` over m target rows, `memory` of m rows over n.
struct DecoderScores {
  AttentionScores self{};
  AttentionScores memory{};
};

/// Applies one decoder layer (Vaswani et al. 2017, section 3.1), in place. Post-norm,
///
///   x <- self_norm(x + self_attention(x, x, x))
///   x <- memory_norm(x + memory_attention(x, memory, memory))
///   x <- feed_forward_norm(x + feed_forward(x))
///
/// pre-norm with h = norm(x) as what each step computes from, as in encoder_layer().
/// @param memory  [n, c'], what the encoder made of the source
/// @param x       [m, c]
/// @throws        Error(Fault::kUsage) when the shapes do not fit each other
/// Time O((m + n) c (c + f) + m (m + n) c), memory O(m (c + f) + n c); the same bits for any thread
/// count.
void decoder_layer(const DecoderLayer& w, NormOrder order, MatrixView memory,
                   const DecoderScores& scores, MutableMatrixView x);

/// Returns all layers of the stack, each with the same masks, then the final norm.
/// @param x       [m, c]
/// @param memory  [n, c']
/// @return        [m, c]
/// @throws        Error(Fault::kUsage) when the shapes do not fit each other
[[nodiscard]] Matrix decode(const Decoder& w, MatrixView x, MatrixView memory,
                            const DecoderScores& scores = {});

/// Holds auto-regressive decoding: rows come one after the other, or some at a time, and each sees
/// itself and those before it. Keys and values of the memory are projected once, those of a row
/// when it comes.
///
///   StepDecoder steps(decoder, memory);
///   for (...) row = next_input_from(steps.next(row));
///
/// The results are those of decode() with a causal mask over all rows at once.
class StepDecoder {
 public:
  /// @param w           must outlive this object
  /// @param memory      [n, c']; not needed afterwards
  /// @param memory_key_bias  [n], -infinity for padding; empty: none
  /// @throws            Error(Fault::kUsage) when the shapes do not fit each other
  StepDecoder(const Decoder& w, MatrixView memory, std::vector<float> memory_key_bias = {});

  /// Returns the next rows through the stack.
  /// @param x  [m, c]
  /// @return   [m, c]
  /// @throws   Error(Fault::kUsage) when the shapes do not fit each other
  /// Time O(m c (c + f) + m (t + n) c) after t rows.
  [[nodiscard]] Matrix next(MatrixView x);

 private:
  struct LayerCache {
    KeyValueCache self;
    KeyValueCache memory;
  };

  const Decoder& w_;
  std::vector<float> memory_key_bias_;
  std::vector<LayerCache> caches_;  ///< one a layer
};

}  // namespace ptattn
