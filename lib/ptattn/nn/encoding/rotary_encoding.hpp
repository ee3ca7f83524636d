#pragma once

#include <cstddef>

#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// Computes the angles of a rotary encoding of metric coordinates (Su et al. 2021, RoFormer,
/// section 3.2; in three dimensions as in Utonia). A head's d channels are cut in one equal chunk
/// an axis; with w = d / axes channels a chunk and j < w / 2,
///
///   angle_aj = x_a base^(-2j / w)
///   out[i, a w + 2j] = sin(angle_aj),  out[i, a w + 2j + 1] = cos(angle_aj)
///
/// They depend on the positions alone: one table serves queries and keys of all heads and blocks.
/// @param positions  [n, axes], metric; subtract an origin before rounding to float32
/// @param angles     [n, d], d a multiple of 2 axes
/// @throws Error(Fault::kUsage) when the shapes do not fit or base is not finite and positive
/// Time O(n d); the same bits for any thread count.
void rotary_angles(MatrixView positions, double base, MutableMatrixView angles);

/// Rotates the queries or keys of every head, in place: inside a chunk of w channels,
///
///   (x_j, x_{j + w/2}) <- (x_j cos - x_{j + w/2} sin, x_{j + w/2} cos + x_j sin)   angle_aj
///
/// so that the product of a rotated query and a rotated key depends on p_i - p_j alone.
/// @param angles  [n, d] of rotary_angles
/// @param axes    of the positions they were made of
/// @param x       [n, h d], head after head; any stride
/// @throws Error(Fault::kUsage) when the shapes do not fit each other
/// Time O(n h d); the same bits for any thread count.
void rotate(MatrixView angles, std::size_t axes, MutableMatrixView x);

}  // namespace ptattn
