#pragma once

#include <string>

#include "ptattn/core/matrix.hpp"
#include "ptattn/models/pct/config.hpp"
#include "ptattn/models/trace.hpp"

namespace ptattn {

/// Names the attention layer `layer` as traces do: "pt_last.sa1".
[[nodiscard]] std::string pct_attention_name(std::size_t layer);

/// Computes the class scores of one cloud; see Pct and PctInt8, whose passes are this one.
/// @tparam Weights  PctWeights or PctInt8Weights
/// @param points    [n, 3]
/// @throws Error(Fault::kUsage) unless there are as many points as the first group samples
template <class Weights>
[[nodiscard]] Matrix pct_logits(const PctConfig& config, const Weights& weights, MatrixView points,
                                const Trace& trace);

}  // namespace ptattn
