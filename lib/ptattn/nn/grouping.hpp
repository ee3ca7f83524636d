#pragma once

#include <cstdint>
#include <span>

#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/linear.hpp"

namespace ptattn {

/// Holds two point-wise layers over the neighbourhoods of some points.
///
/// The first one, W [f_j - f_i, f_i] with W = [W_a, W_b], is stored as W_a f_j + (W_b - W_a) f_i:
/// its products then run once a point instead of once a neighbour.
struct GroupingWeights {
  Linear neighbor;  // [in, hidden], W_a
  Linear center;    // [in, hidden], W_b - W_a, with the layer's bias
  Linear second;    // [hidden, out]

  GroupingWeights() = default;
  /// @param first   [hidden, 2 in], of rows [f_j - f_i, f_i]
  /// @param second  [out, hidden]
  GroupingWeights(const DenseWeights& first, DenseWeights second);
};

/// Embeds neighbourhoods (Guo et al. 2021, PCT, section 3.4; Qi et al. 2017, PointNet++).
///
///   out_i = max over neighbours j of i of ReLU(second ReLU(first [f_j - f_i, f_i]))
///
/// @param features   [n, in], one row a point
/// @param centers    [m], indices of the points i, each below n
/// @param neighbors  [m, k] row-major, indices of the points j, each below n
/// @param out        [m, out]; nothing is allocated in the steady state
/// @throws           Error(Fault::kUsage) when the features or `out` do not fit the weights
/// Time O(n in hidden + m k hidden out); memory O(n hidden), the gathered rows exist a few points
/// at a time, their products never; the same bits for any thread count.
void embed_neighborhoods(const GroupingWeights& w, MatrixView features,
                         std::span<const std::uint32_t> centers,
                         std::span<const std::uint32_t> neighbors, MutableMatrixView out);

/// Returns the rows of x with the given indices, in that order: [m, c].
[[nodiscard]] Matrix gather_rows(MatrixView x, std::span<const std::uint32_t> indices);

}  // namespace ptattn
