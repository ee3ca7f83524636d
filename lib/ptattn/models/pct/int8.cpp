#include "ptattn/models/pct/int8.hpp"

#include <utility>

#include "ptattn/models/pct/pass.hpp"

namespace ptattn {

PctInt8Weights::PctInt8Weights(PctWeights weights)
    : conv1(std::move(weights.conv1)),
      conv2(std::move(weights.conv2)),
      gather_local{Int8GroupingWeights(weights.gather_local[0]),
                   Int8GroupingWeights(weights.gather_local[1])},
      last_conv1(weights.last_conv1),
      last_conv2(weights.last_conv2),
      pos_xyz(std::move(weights.pos_xyz)),
      conv_fuse(weights.conv_fuse),
      linear(std::move(weights.linear)) {
  for (OffsetAttentionWeights& w : weights.attention) {
    attention.push_back({std::move(w.query_key), Int8Linear(w.value), Int8Linear(w.transform)});
  }
}

PctInt8::PctInt8(const PctConfig& config, PctInt8Weights weights)
    : config_(config), weights_(std::move(weights)) {}

Matrix PctInt8::logits(MatrixView points, const Trace& trace) const {
  return pct_logits(config_, weights_, points, trace);
}

}  // namespace ptattn
