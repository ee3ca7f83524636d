#pragma once

#include <cstddef>

#include "ptattn/models/kernel_head.hpp"
#include "ptattn/train/heads/examples.hpp"

namespace ptattn::train {

struct AttentionHeadOptions {
  std::size_t most_keys = 2048;
  /// Examples of the same cloud that are closer than this do not help to predict one another while
  /// the width is learnt: neighbours are nearly copies. In the clouds' unit.
  double apart = 0.0;
};

/// Holds what a fit came to.
struct AttentionFit {
  KernelHeadWeights head;
  double bandwidth = 0.0;  ///< in standard deviations of the features
  double loss = 0.0;       ///< leave-one-out, squared error of the shares
  double constant = 0.0;   ///< that of shares that are the same everywhere
};

/// Fits a head that attends to examples: standardizes the features and learns one width by
/// predicting every example from those that are not near it (see fit_bandwidth). Examples count by
/// their weights, in the fit as in the head, and those that were chosen
/// stand for all of them; those that the others take for a class with labels say nothing.
/// @throws Error(Fault::kUsage) without examples
/// Time O(45 keys^2 (c + classes)); the same bits for any thread count.
[[nodiscard]] AttentionFit fit_attention_head(const HeadExamples& examples,
                                              const AttentionHeadOptions& options);

}  // namespace ptattn::train
