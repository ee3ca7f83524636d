#pragma once

#include <cstddef>

#include "ptattn/train/heads/examples.hpp"

namespace ptattn::train {

/// Holds what a fit came to.
struct LinearFit {
  LinearHead head;
  double loss = 0.0;  ///< mean weighted cross entropy at the end, without the penalty
  std::size_t rounds = 0;
};

/// Fits a linear head by multinomial logistic regression that stays near the head given.
///
///   min  sum_i w_i CE(softmax(x_i W^T + b), t_i) / sum_i w_i + ridge / 2 |(W - W0) S|^2
///
/// with S the standard deviations of the features, so that the penalty does not depend on their
/// units; a new class is drawn to weights of zero, biases are free. Convex; minimized by L-BFGS
/// (Liu and Nocedal 1989) in double precision.
/// @param start  W0 and b0; [classes, c]
/// @throws Error(Fault::kUsage) when shapes do not fit
/// Time O(rounds n classes c); the same bits for any thread count.
[[nodiscard]] LinearFit fit_linear_head(const HeadExamples& examples, const LinearHead& start,
                                        double ridge);

}  // namespace ptattn::train
