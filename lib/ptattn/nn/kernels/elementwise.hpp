#pragma once

#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/kernels/activation.hpp"

namespace ptattn {

/// x <- activation(x), on the calling thread. A value's result does not depend on where it stands.
void activate(Activation activation, MutableMatrixView x);

/// x <- e^x for x <= 0, on the calling thread: what softmax and Gaussian kernels are made of.
/// Within 2 ulp; zero below kSoftmaxFloor (see softmax.hpp), for -infinity and for NaN.
void exp_nonpositive(MutableMatrixView x);

}  // namespace ptattn
