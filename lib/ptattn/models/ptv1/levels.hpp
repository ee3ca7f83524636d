#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/models/batch.hpp"
#include "ptattn/nn/linear.hpp"

namespace ptattn {

/// Represents the points of a batch of clouds on one level of a Point Transformer, with who
/// neighbours whom; a view.
struct Ptv1Geometry {
  MatrixView positions;  // [n, 3]
  std::span<const CloudRows> clouds;
  /// By cloud: [count, k] rows within the cloud, nearest first, k = min(neighbors, count)
  std::span<const std::span<const std::uint32_t>> neighbors;
};

/// Represents a step from one level to the next: farthest point sampling in every cloud. A view.
struct Ptv1Sampling {
  Ptv1Geometry coarse;
  /// By cloud: [coarse count, k] rows within the fine cloud around each sampled point.
  std::span<const std::span<const std::uint32_t>> neighbors;
};

/// Returns the finest level: the points themselves; lists in memory of `scratch`.
[[nodiscard]] Ptv1Geometry ptv1_geometry(const PointInput& input, std::size_t neighbors,
                                         ScratchMemory& scratch);

/// Returns max(1, n / stride) points of every cloud of n, none of an empty one; the first comes
/// first. In memory of `scratch`.
[[nodiscard]] Ptv1Sampling ptv1_sample(const Ptv1Geometry& fine, std::size_t stride,
                                       std::size_t neighbors, ScratchMemory& scratch);

/// max over the neighbours j of each sampled point i of ReLU(position (p_j - p_i) + projected_j).
/// @param position   [3, c]
/// @param projected  [n, c], rows of the fine level
/// @param out        [m, c]
void ptv1_pool(const Ptv1Geometry& fine, const Ptv1Sampling& sampling, const Linear& position,
               MatrixView projected, MutableMatrixView out);

/// fine += 3-nearest interpolation of `values` from the coarse level, with the weights
/// 1 / (d + 1e-8) over their sum, d being the distance.
/// @param values  [m, c]
/// @param out     [n, c]
void ptv1_add_interpolated(const Ptv1Geometry& coarse, MatrixView values, const Ptv1Geometry& fine,
                           MutableMatrixView out);

}  // namespace ptattn
