#include "ptattn/nn/transformer/transformer.hpp"

namespace ptattn {

Matrix transformer(const Transformer& w, MatrixView source, MatrixView target,
                   const TransformerScores& scores) {
  return decode(w.decoder, target, encode(w.encoder, source, scores.source), scores.decoder);
}

}  // namespace ptattn
