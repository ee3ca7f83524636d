#pragma once

#include <optional>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/attention/multi_head_attention.hpp"
#include "ptattn/nn/layer_norm.hpp"
#include "ptattn/nn/transformer/feed_forward.hpp"
#include "ptattn/nn/transformer/norm_order.hpp"

namespace ptattn {

/// Holds weights of one encoder layer. Behind each member: its name in
/// torch.nn.TransformerEncoderLayer.
struct EncoderLayer {
  MultiHeadAttention self_attention;  // self_attn, c channels
  LayerNorm attention_norm;           // norm1, [c]
  FeedForward feed_forward;           // linear1, linear2
  LayerNorm feed_forward_norm;        // norm2, [c]
};

/// Holds weights of a stack of encoder layers.
struct Encoder {
  std::vector<EncoderLayer> layers;
  std::optional<LayerNorm> norm;  ///< of the result; pre-norm stacks need one
  NormOrder order = NormOrder::kPost;
};

/// Applies one encoder layer (Vaswani et al. 2017, section 3.1), in place. Post-norm,
///
///   x <- attention_norm(x + attention(x, x, x))
///   x <- feed_forward_norm(x + feed_forward(x))
///
/// and pre-norm (Xiong et al. 2020), with h = norm(x) before each step,
///
///   x <- x + attention(h, h, h)
///   x <- x + feed_forward(h)
///
/// Without masks, permuting the rows permutes the result and changes nothing else beyond rounding.
/// @param scores  key padding, masks, causal, as in multi_head_attention()
/// @param x       [n, c]
/// @throws        Error(Fault::kUsage) when the shapes do not fit each other
/// Time O(n c (c + f) + n^2 c), memory O(n (c + f)); the same bits for any thread count.
void encoder_layer(const EncoderLayer& w, NormOrder order, const AttentionScores& scores,
                   MutableMatrixView x);

/// Returns all layers of the stack, each with the same masks, then the final norm.
/// @param x  [n, c]
/// @return   [n, c]
/// @throws   Error(Fault::kUsage) when the shapes do not fit each other
[[nodiscard]] Matrix encode(const Encoder& w, MatrixView x, const AttentionScores& scores = {});

}  // namespace ptattn
