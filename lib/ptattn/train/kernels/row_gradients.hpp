#pragma once

#include <cstdint>
#include <span>

#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/kernels/activation.hpp"
#include "ptattn/nn/kernels/normalize.hpp"

namespace ptattn::train {

// Derivatives of what is done to rows one by one, all on the calling thread. The order of sums
// depends on the CPU's vector width and on nothing else.

/// Derivatives of normalize_rows (Ba et al. 2016), added to those of its input: with
/// y = (x - mean) / s, s = sqrt(variance + eps) and g = gamma d_out,
///
///   d_x += (g - mean(g) - y mean(g y)) / s,  d_gamma += sum of d_out y,  d_beta += sum of d_out
///
/// @param x         [n, c] what was normalised
/// @param d_out     [n, c]
/// @param d_x       [n, c]; overlaps neither x nor d_out
/// @param d_gamma   [c]
/// @param d_beta    [c]
void add_normalize_gradient(const NormWeights& weights, MatrixView x, MatrixView d_out,
                            MutableMatrixView d_x, float* d_gamma, float* d_beta);

/// d <- d activation'(x)
/// @param x  [n, c] what the activation was given
/// @param d  [n, c] derivatives of its result, replaced by those of x
void multiply_by_derivative(Activation activation, MatrixView x, MutableMatrixView d);

/// out = GELU(x), slopes = GELU'(x): what the backward pass needs of both, in one go.
/// @param x, out, slopes  [n, c]
void gelu_with_slopes(MatrixView x, MutableMatrixView out, MutableMatrixView slopes);

/// y[i, j] <- y[i, j] x[i, j]
void multiply_matrix(MatrixView x, MutableMatrixView y);

/// largest[j] = max over listed rows of x[row, j]; the first row that has it wins.
/// @param rows              at least one
/// @param largest, winners  [c], written
void largest_of_rows(MatrixView x, std::span<const std::uint32_t> rows, float* largest,
                     std::uint32_t* winners);

/// out[rows[i]] = x[i]: the derivatives of rows that copy_rows gathered, each from one place.
/// @param rows  [n], different rows of out
void copy_to_rows(MatrixView x, std::span<const std::uint32_t> rows, MutableMatrixView out);

/// sums[j] += sum_i x[i, j]
void add_column_sums(MatrixView x, float* sums);

/// sums[j] += sum_i (x[i, j] - origin[j]),  squares[j] += sum_i (x[i, j] - origin[j])^2
void add_column_moments(MatrixView x, const float* origin, float* sums, float* squares);

/// out = activation(scale x + shift), by channel.
/// @param scale, shift  [c]
/// @param out           [n, c]; x itself, or without overlap
void scale_shift_activate(const float* scale, const float* shift, Activation activation,
                          MatrixView x, MutableMatrixView out);

/// out = a y + b z + offset, by channel.
/// @param a, b, offset  [c]
/// @param y, z          [n, c]
/// @param out           [n, c]; y or z, or without overlap
void combine_channels(const float* a, MatrixView y, const float* b, MatrixView z,
                      const float* offset, MutableMatrixView out);

/// sums[j] += sum_i x[i, j] (y[i, j] - mean[j]) scale[j]
void add_column_products(MatrixView x, MatrixView y, const float* mean, const float* scale,
                         float* sums);

}  // namespace ptattn::train
