#include "ptattn/nn/transformer/feed_forward.hpp"

namespace ptattn {

Matrix feed_forward(const FeedForward& w, MatrixView x) {
  return linear(w.second, linear(w.first, x, w.activation));
}

}  // namespace ptattn
