#pragma once

#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/transformer/decoder.hpp"
#include "ptattn/nn/transformer/encoder.hpp"

namespace ptattn {

/// Holds weights of an encoder-decoder Transformer (Vaswani et al. 2017, figure 1), without
/// embeddings and the last linear layer: what torch.nn.Transformer holds.
struct Transformer {
  Encoder encoder;
  Decoder decoder;
};

/// Holds masks of the three attentions.
struct TransformerScores {
  AttentionScores source{};  ///< [n] or [n, n]: encoder, self-attention
  DecoderScores decoder{};
};

/// Returns decode(target, encode(source))
///
/// Equal to torch.nn.Transformer within 1e-5, in either order of norms. Decoding step by step:
/// StepDecoder over encode(source).
/// @param source  [n, c]
/// @param target  [m, c]
/// @return        [m, c]
/// @throws        Error(Fault::kUsage) when the shapes do not fit each other
/// Time and memory are those of encode() and decode(); the same bits for any thread count.
[[nodiscard]] Matrix transformer(const Transformer& w, MatrixView source, MatrixView target,
                                 const TransformerScores& scores = {});

}  // namespace ptattn
