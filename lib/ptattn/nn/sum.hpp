#pragma once

#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// Adds a matrix to another: sum <- sum + x.
///
/// @param sum  [n, c]; may be x
/// @param x    [n, c]
/// @throws     Error(Fault::kUsage) when the shapes differ
/// Time O(n c); parallel over rows, the same bits for any thread count.
void add_to(MutableMatrixView sum, MatrixView x);

}  // namespace ptattn
