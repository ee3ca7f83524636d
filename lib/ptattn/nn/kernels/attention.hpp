#pragma once

#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/attention.hpp"

namespace ptattn {

/// ptattn::attention on the calling thread and with its shapes unchecked: what patches and heads
/// that run side by side call. Any strides; views of columns of a fused [n, 3c] projection will do.
void attention_on_this_thread(MatrixView q, MatrixView k, MatrixView v,
                              const AttentionScores& scores, MutableMatrixView out);

}  // namespace ptattn
